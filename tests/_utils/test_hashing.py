"""Fingerprints change with what they stand for, and with nothing else."""

import ast
import json
import shutil

import pytest
import torch

from selip_core._utils import hashing
from tests.helpers.places import ROOT

MODULES = {
    "a.py": '"""Says what a is."""\n\ndef f():\n    """Says what f does."""\n    from selip_core.room.b import g\n',
    "room/__init__.py": '"""A room."""\n',
    "room/__init__.pyi": "from .c import X as X\n",
    "room/b.py": "from selip_core import face\nfrom selip_core.shown import shown_name\nWORDS = 'words.yaml'\n",
    "room/c.py": "X = 1\n",
    "room/words.yaml": "a: 1\n",
    "room/idle.yaml": "a: 1\n",
    "face.py": "from selip_core.room import c\nFOLDER = 'books'\n",
    "books/zh.yaml": "b: 1\n",
    "shown/__init__.py": "",
    "shown/__init__.pyi": "from .inside import shown_name as shown_name\n",
    "shown/inside.py": "def shown_name(): ...\n",
    "d.py": "Y = 1\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in which ``a`` uses all but ``d``: in a function, by a name of a package, by a face, by its data."""
    folder = tmp_path / "selip_core"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(hashing, "_PACKAGE", folder)
    return folder


def add(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_the_digest_of_weights_sees_every_bit_of_every_dtype(tiny_model):
    seen = {hashing.weights_digest(tiny_model), hashing.weights_digest(tiny_model.bfloat16())}
    with torch.no_grad():
        tiny_model.log_logit_scale.mul_(1.01)
    assert len(seen | {hashing.weights_digest(tiny_model)}) == 3


@pytest.mark.parametrize("used", ["a.py", "room/b.py", "room/c.py", "face.py", "shown/inside.py"])
def test_code_fingerprint_follows_imports(package, used):
    before = hashing.code_fingerprint("a")
    add(package / used, "Z = 2\n")
    assert hashing.code_fingerprint("a") != before


@pytest.mark.parametrize("used", ["room/words.yaml", "books/zh.yaml"])
def test_code_fingerprint_follows_the_data_that_a_module_names(package, used):
    before = hashing.code_fingerprint("a")
    add(package / used, "c: 2\n")
    assert hashing.code_fingerprint("a") != before


def test_code_fingerprint_ignores_what_is_not_used(package):
    before = hashing.code_fingerprint("a")
    add(package / "d.py", "Y = 2\n")
    add(package / "room/idle.yaml", "b: 2\n")
    assert hashing.code_fingerprint("a") == before


@pytest.mark.parametrize(
    "text",
    [
        MODULES["a.py"].replace("\n\n", "\n# why\n\n"),
        MODULES["a.py"].replace("Says what f does.", "Reworded.").replace("Says what a is.", "Reworded."),
        MODULES["a.py"].replace('    """Says what f does."""\n', ""),
        MODULES["a.py"] + "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from selip_core.d import Y\n",
    ],
    ids=["comment", "reworded docstrings", "no docstring", "import for the type checker"],
)
def test_code_fingerprint_is_that_of_behaviour(package, text):
    before = hashing.code_fingerprint("a")
    if "TYPE_CHECKING" in text:
        add(package / "a.py", "from typing import TYPE_CHECKING\n")
        before = hashing.code_fingerprint("a")
    (package / "a.py").write_text(text, encoding="utf-8")
    assert hashing.code_fingerprint("a") == before


MESSAGES = """import warnings
def f(x):
    if x > 1:
        raise ValueError(f"{x} is too large: " "give less")
    print("done", x, end=" ")
    warnings.warn("take care", UserWarning, stacklevel=2)
    return "long"
"""


@pytest.mark.parametrize(
    "old, new, changes",
    [('f"{x} is too large: " "give less"', 'f"too large is {x:g}, more than {1}"', False), ('"done"', '"ready"', False),
     ('"take care"', '"beware"', False), ('raise ValueError(f"{x} is too large: " "give less")', "return x", True),
     ("raise ValueError", "raise KeyError", True), ("x > 1", "x > 2", True), ('return "long"', 'return "short"', True),
     ('"give less")', '"give less", x)', True)],
)  # fmt: skip
def test_the_words_of_a_message_do_not_count_and_that_there_is_one_does(package, old, new, changes):
    assert MESSAGES.count(old) == 1
    (package / "a.py").write_text(MESSAGES)
    before = hashing.code_fingerprint("a")
    (package / "a.py").write_text(MESSAGES.replace(old, new))
    assert (hashing.code_fingerprint("a") != before) is changes


def test_a_data_file_that_only_a_message_names_counts(package):
    add(package / "room/c.py", "def f():\n    raise ValueError('idle.yaml')\n")
    before = hashing.code_fingerprint("room.c")
    add(package / "room/idle.yaml", "b: 2\n")
    assert hashing.code_fingerprint("room.c") != before


def test_a_reworded_error_puts_no_training_aside(copy_of_the_package):
    before = hashing.code_fingerprint("pretraining.distributed")
    path = copy_of_the_package / "pretraining/distributed.py"
    text = path.read_text(encoding="utf-8")
    assert "cannot be shared by" in text
    path.write_text(text.replace("cannot be shared by", "is too small for"), encoding="utf-8")
    assert hashing.code_fingerprint("pretraining.distributed") == before


def test_dotted_names_resolve(package):
    before = hashing.code_fingerprint("room.c")
    assert before != hashing.code_fingerprint("room.b")
    add(package / "room/c.py", "Z = 2\n")
    assert hashing.code_fingerprint("room.c") != before


@pytest.mark.parametrize("name", ["missing", "room.missing", "a.f", "words"])
def test_a_name_that_is_not_there_is_an_error(package, name):
    with pytest.raises(ModuleNotFoundError, match=name):
        hashing.code_fingerprint("d", name)


@pytest.mark.parametrize(
    "line",
    ["from selip_core import gone", "from selip_core.gone import x", "from selip_core.room import gone",
     "from selip_core.shown import gone", "import selip_core.gone", "from . import b"],
)  # fmt: skip
def test_an_import_that_leads_nowhere_is_an_error(package, line):
    add(package / "d.py", f"{line}\n")
    with pytest.raises(ModuleNotFoundError):
        hashing.code_fingerprint("d")


def test_a_notebook_depends_on_what_its_cells_import(package, tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["import selip_core.d\n"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "from selip_core.room import X\n"]},
        {"cell_type": "code", "source": ["from selip_core import a"]},
    ]
    path = tmp_path / "01_a.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert sorted(hashing.notebook_imports(path)) == ["a", "room.c"]


@pytest.mark.parametrize(
    "line, counts",
    [("from selip_core import shown", True), ("import selip_core.shown", True), ("import selip_core.shown as s", True),
     ("import selip_core", True), ("from selip_core.shown import other", False)],
)  # fmt: skip
def test_a_package_that_is_imported_as_a_whole_counts_with_all_that_it_shows(package, line, counts):
    (package / "__init__.py").write_text("")
    (package / "__init__.pyi").write_text("from .shown.inside import shown_name as shown_name\n")
    (package / "shown/second.py").write_text("def other(): ...\n")
    add(package / "shown/__init__.pyi", "from .second import other as other\n")
    add(package / "d.py", f"{line}\n")
    before = hashing.code_fingerprint("d")
    add(package / "shown/inside.py", "Z = 2\n")
    assert (hashing.code_fingerprint("d") != before) is counts


def test_a_package_counts_with_what_it_shows_by_another_name(package):
    add(package / "shown/__init__.pyi", "from .room.c import X as LETTER\n")
    (package / "shown/room").mkdir()
    (package / "shown/room/__init__.py").write_text("")
    (package / "shown/room/c.py").write_text("X = 1\n")
    add(package / "d.py", "from selip_core.shown import LETTER\n")
    before = hashing.code_fingerprint("d")
    add(package / "shown/room/c.py", "Z = 2\n")
    assert hashing.code_fingerprint("d") != before


@pytest.fixture
def copy_of_the_package(tmp_path, monkeypatch):
    shutil.copytree(hashing._PACKAGE, tmp_path / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(hashing, "_PACKAGE", tmp_path / "selip_core")
    return tmp_path / "selip_core"


NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}


def code_of(work):
    """Return the fingerprint of the code of a notebook, or of what is named in ``code_fingerprint("...")``."""
    modules = hashing.notebook_imports(NOTEBOOKS[work]) if work in NOTEBOOKS else work.split(" ")
    return hashing.code_fingerprint(*modules)


@pytest.mark.parametrize(
    "work, changed, changes",
    [
        ("pretraining.loop", "losses.py", True), ("pretraining.loop", "similarity/scores.py", True),
        ("pretraining.loop", "plotting/cohort.py", False), ("pretraining.loop", "pipeline/run.py", False),
        ("pretraining.loop", "reports/lexicons/zh.yaml", False), ("pretraining.untrained", "encoders/image.py", True),
        ("pretraining.untrained", "pretraining/untrained.py", True),
        ("pretraining.untrained", "pretraining/warm_start.py", False),
        ("pretraining.untrained", "reports/lexicons/zh.yaml", False),
        ("reports.parser", "reports/lexicons/zh.yaml", True),
        ("pretraining.warm_start reports.parser", "reports/lexicons/zh.yaml", True),
        ("reports.parser", "reports/lexicons/en.yaml", True), ("reports.parser", "reports/extractor.py", False),
        ("datasets.synthetic.cohort", "datasets/synthetic/catalogue.yaml", True),
        ("datasets.synthetic.cohort", "datasets/synthetic/report_styles.yaml", True),
        ("datasets.synthetic.cohort", "datasets/synthetic/tissues.yaml", True),
        ("datasets.synthetic.cohort", "datasets/synthetic/reports.py", True),
        ("datasets.synthetic.cohort", "datasets/synthetic/brats.py", False),
        ("datasets.synthetic.cohort", "preprocessing.py", False),
        ("datasets.synthetic.brats", "datasets/synthetic/brats.py", True),
        ("datasets.synthetic.brats", "datasets/synthetic/anatomy.py", True),
        ("pretraining.loop", "sequences.py", True), ("pretraining.loop", "datasets/sequence_words.py", False),
        ("datasets.synthetic.cohort", "datasets/sequence_words.py", False),
        ("pretraining.warm_start", "datasets/sequence_words.py", False),
        ("ingest.build", "datasets/sequence_words.py", True),
        ("05_image_text_retrieval", "widgets/map.py", False), ("05_image_text_retrieval", "ingest/build.py", False),
        ("05_image_text_retrieval", "metrics/retrieval.py", True), ("10_explore", "widgets/map.py", True),
        ("02_report_findings", "reports/lexicons/zh.yaml", True), ("01_data_curation", "metrics/resampling.py", False),
    ],
)  # fmt: skip
def test_what_finished_work_depends_on(copy_of_the_package, work, changed, changes):
    before = code_of(work)
    add(copy_of_the_package / changed, "\nX_Y_Z: 1\n" if changed.endswith(".yaml") else "\nX_Y_Z = 1\n")
    assert (code_of(work) != before) is changes


def test_every_notebook_imports_what_is_there():
    assert len(NOTEBOOKS) >= 10
    assert len({code_of(notebook) for notebook in NOTEBOOKS}) == len(NOTEBOOKS)


def test_whatever_names_its_code_for_a_fingerprint_names_modules_that_are_there():
    named = []
    for path in hashing._PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "code_fingerprint":
                named += [part.value for part in node.args if isinstance(part, ast.Constant)]
    assert {"pretraining.loop", "pretraining.untrained", "datasets.synthetic.cohort", "reports.parser"} <= set(named)
    assert len({hashing.code_fingerprint(name) for name in named}) == len(set(named))


def test_every_data_file_counts_for_a_module():
    """A data file that no module names could change results without a trace."""
    files = {p for p in hashing._PACKAGE.rglob("*") if p.suffix in {".yaml", ".ttf", ".css", ".html", ".js", ".j2"}}
    assert len(files) > 5
    named = set()
    for path in hashing._PACKAGE.rglob("*.py"):
        words = hashing._read_module("any", path, 0, 0)[1]
        parts = hashing._data_named_by(words, path.parent)
        named |= {path.parent / part for part in parts if isinstance(part, str)}
    assert files - named == set()


def test_what_is_left_out_is_there(copy_of_the_package):
    """A module that is renamed must not silently begin to count, or cease to."""
    assert all(hashing._module_file(name) for name in hashing._NO_ARITHMETIC)
