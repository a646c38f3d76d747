"""What an import does where a package is missing."""

import sys

import pytest

from selip_core._utils.extras import MissingExtra, needs


def lacking(monkeypatch, argv, orig_argv):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    needs("selip_core.plotting", "plot", "sys", "no_such_package")


def test_what_is_there_is_not_asked_for():
    needs("selip_core.plotting", "plot", "sys", "json")


@pytest.mark.parametrize("options", [[], ["-S"], ["-X", "dev"]])
def test_a_command_of_this_package_ends_in_one_line(monkeypatch, options):
    with pytest.raises(SystemExit, match="needs no_such_package, not installed here: .*'selip\\[plot\\]'"):
        lacking(monkeypatch, ["-m", "a"], ["python", *options, "-m", "selip_core.ingest", "a"])


@pytest.mark.parametrize(
    ("argv", "orig_argv"),
    [(["-m", "a"], ["python", "-m", "theirs.study", "a"]), (["-m"], ["python", "-m", "selip_core_of_theirs"]),
     (["-m"], ["python", "-mtheirs"]), (["study.py"], ["python", "study.py", "-m", "selip_core.ingest"]),
     (["/x/selip_core/search.py"], ["python", "-m", "selip_core.search"])],
)  # fmt: skip
def test_any_other_program_gets_an_exception_that_it_can_catch(monkeypatch, argv, orig_argv):
    with pytest.raises(MissingExtra, match="needs no_such_package, not installed"):
        lacking(monkeypatch, argv, orig_argv)
