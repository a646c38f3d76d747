"""The order of imports, held by import-linter, breaks where a room imports upwards; and the house keeps its size."""

import ast
import shutil
import subprocess
import sys

import pytest

from tests.helpers.places import PACKAGE, ROOT

MODULES = sorted(PACKAGE.rglob("*.py"))
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


@pytest.mark.parametrize(
    "module, line",
    [
        ("losses.py", "def f():\n    from selip_core.pretraining.loop import pretrain\n"),
        ("reports/parser.py", "import selip_core.datasets.cohort\n"),
        ("similarity/scores.py", "import matplotlib.pyplot\n"),
        ("explore/explorer.py", "def f():\n    import ipywidgets\n"),
        ("reports/text.py", "def f():\n    from selip_core.reports.parser import parse_report\n"),
        ("newroom/__init__.py", "X = 1\n"),
    ],
    ids=["upwards, in a function", "upwards", "a figure below plotting", "a widget below widgets", "a circle",
         "a room without a place"],
)  # fmt: skip
def test_the_contract_is_broken_by(tmp_path, module, line):
    shutil.copytree(PACKAGE, tmp_path / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "selip_core" / module).parent.mkdir(exist_ok=True)
    with open(tmp_path / "selip_core" / module, "a", encoding="utf-8") as file:
        file.write(f"\n\n{line}")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {LINT}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 1 and "BROKEN" in done.stdout, done.stdout + done.stderr


def test_the_modules_are_seen():
    seen = {path.relative_to(PACKAGE).as_posix() for path in MODULES}
    assert len(seen) > 100 and {"losses.py", "reports/parser.py", "datasets/synthetic/cohort.py"} <= seen


def test_the_top_of_the_package_can_be_seen_at_one_glance():
    assert 5 < len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 15


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_has_one_job(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f"{f.name}: {f.end_lineno - f.lineno + 1} lines" for f in functions if f.end_lineno - f.lineno >= 60] == []
