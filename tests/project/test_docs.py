"""The API pages: each module that they list once and typed, and built from its docstrings without a warning."""

import importlib
import importlib.util
import inspect
import re
import shutil
import subprocess
import sys

import pytest

from tests.helpers.places import PACKAGE, ROOT

MODULES = re.findall(r"^   (selip_core[.\w]+)$", (ROOT / "docs/api/index.rst").read_text(encoding="utf-8"), re.M)


def public_functions(module):
    """Yield the names and functions, methods among them, that a module defines for others."""
    for name, item in vars(module).items():
        if name.startswith("_") or getattr(item, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(item):
            yield name, item
        elif inspect.isclass(item) and not getattr(item, "_is_protocol", False):
            for method, found in vars(item).items():
                function = getattr(found, "__func__", found)  # of a class method
                if inspect.isfunction(function) and (method == "__init__" or not method.startswith("_")):
                    yield f"{name}.{method}", function


def test_the_page_names_the_modules_once():
    assert len(MODULES) == len(set(MODULES)) > 20 and "selip_core.reports.parser" in MODULES
    files = (path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py"))
    public = {".".join(file.parts) for file in files if not any(part.startswith("_") for part in file.parts)}
    assert public - set(MODULES) == set() and len(public) > 100


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_are_typed(name):
    untyped = []
    for function, found in public_functions(importlib.import_module(name)):
        signature = inspect.signature(found)
        bare = [
            p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name not in ("self", "cls")
        ]
        if bare or (signature.return_annotation is signature.empty and not function.endswith("__init__")):
            untyped.append(f"{function}: {', '.join(bare) or 'what it returns'}")
    assert untyped == []


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="no sphinx: ./run_tests.sh installs it")
def test_the_pages_are_built_without_a_warning(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build", "generated"))
    shutil.copytree(ROOT / "selip_core", tmp_path / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", "html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html/api/generated/selip_core.embed.html").read_text(encoding="utf-8")
    assert "each alone, so that a missing sequence does not matter" in page and "Raises" in page
