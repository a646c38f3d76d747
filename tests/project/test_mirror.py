"""The tests mirror the rooms: tests/<room>/test_<module>.py for selip_core/<room>/<module>.py."""

from tests.helpers.places import PACKAGE, TESTS

MODULES = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")
           if not path.stem.startswith("__")}  # fmt: skip
ROOMS = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")} - {"."}
MIRRORED = {
    (path.parent.relative_to(TESTS) / path.stem.removeprefix("test_")).as_posix() for path in TESTS.rglob("test_*.py")
}
TESTED_THROUGH_OTHERS = {
    "_utils/devices", "_utils/pages", "datasets/findings", "datasets/overview",
    "datasets/synthetic/brats", "datasets/synthetic/cohort", "datasets/synthetic/lesions",
    "datasets/synthetic/report_lesions", "datasets/synthetic/report_styles", "downstream/ablation_tables",
    "downstream/grading", "downstream/segmentation_data", "errors", "explore/gallery", "extract",
    "ingest/options", "pipeline/execution", "pipeline/inputs", "pipeline/paths",
    "pretraining/untrained", "reports/chat_models",
    "reports/lesion",
    "reports/reader", "reports/text", "reports/translation", "search",
}  # fmt: skip
"""Modules without a test file of their own; the tests of what uses them hold them. It may only grow shorter."""


def test_every_test_file_of_a_room_is_of_a_module():
    assert len(ROOMS) > 12 and len(MIRRORED) > 100
    assert sorted(name for name in MIRRORED if name.rpartition("/")[0] in ROOMS and name not in MODULES) == []


def test_every_module_has_its_test_file():
    assert sorted(MODULES - MIRRORED - TESTED_THROUGH_OTHERS) == []


def test_the_list_of_exceptions_is_as_short_as_it_can_be():
    assert sorted(name for name in TESTED_THROUGH_OTHERS if name in MIRRORED or name not in MODULES) == []
