"""The site: modules that its API lists once and typed, built without a warning, and nothing loaded from elsewhere."""

import importlib
import importlib.util
import inspect
import re
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest

from selip_core.pipeline.report_html import external_resources
from selip_core.pipeline.static_notebook import static_notebook
from tests.helpers.executed_notebooks import executed_notebook
from tests.helpers.places import PACKAGE, ROOT

MADE = "01_data_curation"

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
@pytest.mark.parametrize(("notebooks", "lists"), [([], False), ([f"{MADE}.ipynb"], True)])
def test_without_notebooks_their_page_says_so_and_lists_nothing(tmp_path, notebooks, lists):
    (tmp_path / "notebooks").mkdir()
    for name in notebooks:
        (tmp_path / "notebooks" / name).touch()
    content = [(ROOT / "docs/notebooks/index.md").read_text(encoding="utf-8")]
    read = runpy.run_path(str(ROOT / "docs/conf.py"))["_link_sources"]
    read(SimpleNamespace(srcdir=tmp_path), "notebooks/index", content)
    assert ("{toctree}" in content[0]) == lists and ("Nobody has made them" in content[0]) != lists


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the built site and what the builder said: with the committed notebooks, one of them as a made one."""
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns("_build", "generated"))
    for name in ("selip_core", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    made = static_notebook(executed_notebook(root), "*As it ran.*", where=f"notebooks/{MADE}.ipynb", roots=[root])
    made.cells[0].source += f"\n\n[source](../../notebooks/{MADE}.ipynb)"
    nbformat.write(made, root / "docs/notebooks" / f"{MADE}.ipynb")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "html"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return root / "html", done.stderr


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="no sphinx: ./run_tests.sh installs it")
def test_the_site_is_built_without_a_warning(site):
    built, said = site
    assert said == ""
    page = (built / "api/generated/selip_core.embed.html").read_text(encoding="utf-8")
    assert "or of studies, each of the series that it has" in page and "Raises" in page
    assert "<math" in (built / "method.html").read_text(encoding="utf-8")


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="no sphinx: ./run_tests.sh installs it")
def test_the_site_loads_nothing_from_elsewhere(site):
    built, _ = site
    files = [path for path in built.rglob("*") if path.suffix in (".html", ".css")]
    loaded = {path.name: external_resources(path.read_text(encoding="utf-8")) for path in files}
    assert len(loaded) > 100 and {name: found for name, found in loaded.items() if found} == {}


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="no sphinx: ./run_tests.sh installs it")
def test_a_notebook_of_the_site_shows_its_picture_with_its_caption_and_brings_its_source(site):
    built, _ = site
    page = (built / f"notebooks/{MADE}.html").read_text(encoding="utf-8")
    assert 'alt="A caption."' in page and 'width="300"' in page and "details" in page
    assert list(built.glob(f"_downloads/*/{MADE}.ipynb")) and f'href="{MADE}.html"' in (
        built / "notebooks/index.html").read_text(encoding="utf-8")  # fmt: skip
