"""Files of the project that texts of the project name are there."""

import re
import subprocess

import pytest

from tests.helpers.places import ROOT

THIS = "tests/project/test_paths.py"
FOLDERS = "tests|selip_core|benchmarks|docs|notebooks"
NAMED = re.compile(rf"(?<![\w/.-])((?:{FOLDERS})/[\w/.-]+\.(?:py|ipynb|yaml|md|sh|png|j2))")
ENDINGS = {".py", ".md", ".toml", ".yml", ".yaml", ".sh", ".ipynb", ".rst", ".cff"}


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.split() if (ROOT / name).suffix in ENDINGS and name != THIS]


def test_paths_that_are_named_exist():
    files = tracked()
    if not files:
        pytest.skip("no git clone")
    found = {(path.relative_to(ROOT).as_posix(), name) for path in files if path.is_file()
             for name in NAMED.findall(path.read_text(encoding="utf-8"))}  # fmt: skip
    assert len({name for _, name in found}) > 10
    lost = {(where, name) for where, name in found if not (ROOT / name).exists()}
    made = {(where, name) for where, name in lost if name == "docs/results.md"}  # by a command, of a study that is done
    examples = made | {("run_tests.sh", "tests/test_x.py")}
    assert lost - examples == set()
