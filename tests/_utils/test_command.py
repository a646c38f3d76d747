"""Every command ends with a status that a script can trust, and one line for the user."""

import argparse
import ast
import errno
import os
import signal
import subprocess
import sys

import pytest

from selip_core._utils.command import DONE, IN_PART, Parser, run_command
from selip_core.errors import SelipError
from tests.helpers.places import PACKAGE, ROOT

COMMANDS = ["embed", "search", "export", "extract", "lexicon_gaps", "pretrain", "ingest/__main__",
            "datasets/standard_space", "pipeline/run_all", "pipeline/real_data", "pipeline/results_page",
            "pipeline/site_notebooks"]  # fmt: skip


def parser():
    made = Parser("sort", prog="python -m sort", description="Sort a list.")
    made.add_argument("number", type=int)
    return made


def status(work, *arguments, **options):
    return run_command(lambda: parser().parse_args(arguments), work, prefix="sort: ", **options)


@pytest.mark.parametrize("result", [DONE, IN_PART])
def test_the_status_is_what_the_work_returns(result):
    assert status(lambda options: result if options.number == 5 else None, "5") == result


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["x"], "argument number: invalid int value: 'x'"), ([], "the following arguments are required: number")],
)
def test_a_wrong_option_is_one_line_and_2(capsys, arguments, said):
    assert status(lambda options: pytest.fail("worked"), *arguments) == 2
    assert capsys.readouterr().err == f"sort: {said} (--help lists the options)\n"


def test_help_is_0(capsys):
    assert status(lambda options: pytest.fail("worked"), "--help") == 0
    assert "usage: python -m sort" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_1(capsys):
    def work(options: argparse.Namespace) -> int:
        raise SelipError("there is no list")

    assert status(work, "5") == 1
    assert capsys.readouterr().err == "sort: there is no list\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_takes_nothing_is_one_line_and_1(capsys, number):
    def work(options: argparse.Namespace) -> int:
        raise OSError(number, os.strerror(number), "/x/list.csv")

    assert status(work, "5") == 1
    told = f"sort: /x/list.csv: {os.strerror(number)}; check free space and permissions, then run again\n"
    assert capsys.readouterr().err == told


def test_a_reader_that_has_gone_is_no_traceback():
    code = (
        "from selip_core._utils.command import *; import argparse; "
        "run_command(argparse.Namespace, lambda o: [print(i) for i in range(10**6)] and 0, prefix='sort: ')"
    )
    done = subprocess.run(["bash", "-c", '"$0" -c "$1" | head -1', sys.executable, code], capture_output=True,
                          text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.stdout == "0\n"
    assert done.stderr == "sort: nothing reads the output any more; interrupted; the same command goes on from here\n"


def test_what_nobody_foresaw_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        status(lambda options: options.number // 0, "5")


@pytest.fixture
def in_a_terminal():
    """Ctrl-C interrupts, as it does not in a process that a shell has started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_one_line_and_130(in_a_terminal, capsys, sent):
    before = signal.getsignal(signal.SIGTERM)

    def work(options: argparse.Namespace) -> int:
        signal.raise_signal(sent)
        pytest.fail("went on")

    assert status(work, "5") == 130
    assert capsys.readouterr().err == "\nsort: interrupted; the same command goes on from here\n"
    assert status(work, "5", interrupted="stopped") == 130
    assert capsys.readouterr().err == "\nsort: stopped\n"
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_run_by_it(name):
    tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert {"Parser", "run_command"} <= called


def test_no_other_module_makes_a_parser_of_its_own():
    users = [
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in PACKAGE.rglob("*.py")
        if "ArgumentParser(" in path.read_text(encoding="utf-8") or "run_command(" in path.read_text(encoding="utf-8")
    ]
    assert sorted(users) == sorted([*COMMANDS, "_utils/command"])
