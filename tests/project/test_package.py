"""The wheel: built from the sources, unpacked elsewhere, and used there without the project's folder."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.helpers.places import ROOT

USE = """
import sys

import torch
from matplotlib import font_manager

import selip_core
from selip_core.encoders import model as encoders
from selip_core.errors import SelipError
from selip_core.plotting.fonts import FAMILY, register_fonts
from selip_core.pipeline.paths import project_root
from selip_core.reports.parser import describe_series
from selip_core.similarity.scores import similarity_matrix

assert selip_core.__file__.startswith(sys.argv[1]), selip_core.__file__
sentence = "在左侧额叶表现为片状长信号"
assert describe_series("左侧额叶见片状长T2信号", ["T2"]) == {"T2": sentence}
english = describe_series("Patchy T2 hyperintensity in the left frontal lobe.", ["T2"])
assert english["T2"].startswith("在左侧额叶表现为片状"), english
alike = similarity_matrix([sentence, "在右侧丘脑表现为点状高信号"])
assert alike[0, 0] == 1 > alike[0, 1], alike
register_fonts()
assert FAMILY in font_manager.fontManager.get_font_names()
model = encoders.build_model(
    {"name": "small", "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
    volume_shape=(4, 16, 16), embedding_size=16, vocabulary_texts=[sentence],
)
folder = model.eval().save_pretrained("model")
again = encoders.SelipModel.from_pretrained(folder)
assert torch.equal(again.encode_text([sentence]), model.encode_text([sentence]))
try:
    project_root()
    sys.exit("the project's folder was found")
except SelipError:
    pass
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed, and a build fetches nothing in the tests")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "selip_core", source / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        "out",
        ".",
    ]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((source / "out").glob("selip-*.whl"))


def test_the_wheel_holds_all_that_the_package_has(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "selip_core").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }  # fmt: skip
    assert len(files) > 100 and files - names == set()
    data = {"py.typed", "__init__.pyi", "reports/lexicons/zh.yaml", "downstream/prompts/zh.yaml",
            "ingest/quality.html.j2", "_utils/page.html.j2"}  # fmt: skip
    assert {f"selip_core/{name}" for name in data} <= names
    assert not [name for name in names if name.startswith(("tests", "docs", "data", "notebooks"))]


def test_it_works_where_there_is_no_project(wheel, tmp_path, monkeypatch):
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "unpacked"))
    monkeypatch.delenv("SELIP_ROOT", raising=False)
    command = [sys.executable, "-c", USE, str(tmp_path / "unpacked")]
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
