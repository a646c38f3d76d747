"""Modules and names of the package that texts of the project name are there."""

import importlib
import re

from tests.helpers.places import PACKAGE, ROOT

TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md", "results/README.md")),
    *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "notebooks").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb"),
    *PACKAGE.rglob("*.py"),
]  # fmt: skip
NAMED = re.compile(r"\bselip_core((?:\.[A-Za-z_]\w*)+)")


def is_there(dotted):
    """Return whether a dotted name is a module, or what a module has."""
    parts = dotted.split(".")
    for known in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:known]))
        except ModuleNotFoundError:
            continue
        for name in parts[known:]:
            if not hasattr(found, name):  # an attribute that an instance has is named in a docstring at most
                return isinstance(found, type)
            found = getattr(found, name)
        return True
    return False


def test_names_of_the_package_that_are_written_down_are_there():
    named = {
        (path.relative_to(ROOT).as_posix(), f"selip_core{name}")
        for path in TEXTS for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len({name for _, name in named}) > 100
    placeholder = {"selip_core.NAME", "selip_core.stamp"}
    assert sorted((where, name) for where, name in named if name not in placeholder and not is_there(name)) == []
