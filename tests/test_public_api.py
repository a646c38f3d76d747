"""The names that others build on: what each face shows, and what it costs to load."""

import ast
import importlib
import re
import subprocess
import sys

import pytest

import selip_core
from tests.helpers.data import PREPROCESSED
from tests.helpers.places import PACKAGE, ROOT

CORE = {
    "SelipModel", "preprocess", "parse_report", "Finding", "similarity_matrix", "appearance_tag", "ReportCorpus",
    "soft_targets", "selip_loss", "SelipError", "__version__",
}  # fmt: skip
PUBLIC = {
    "selip_core.reports": [
        "parse_report", "describe_series", "is_normal_report", "unknown_words", "Finding", "tokenize",
    ],
    "selip_core.similarity": [
        "similarity_matrix", "syntax_similarity", "semantic_similarity", "appearance_tag", "even_out", "ReportCorpus",
    ],
    "selip_core.losses": ["selip_loss", "soft_targets"],
    "selip_core.encoders": ["SelipModel", "build_model"],
    "selip_core.preprocessing": ["preprocess"],
    "selip_core.automodel": ["SelipAutoModel"],
    "selip_core.ingest": ["ingest", "Options"],
    "selip_core.datasets": ["load_cohort", "Cohort", "make_cohort", "load_brats"],
    "selip_core.pretraining": ["pretrain", "VARIANTS"],
    "selip_core.embed": ["embed"],
    "selip_core.search": ["search"],
    "selip_core.errors": ["SelipError"],
}  # fmt: skip
COMMANDS = ("ingest", "embed", "search", "export", "extract", "pretrain", "lexicon_gaps", "pipeline")
HEAVY = {"torch", "numpy", "pandas", "scipy", "transformers", "monai", "matplotlib", "ipywidgets", "papermill"}
NO_FACE = {"_utils", "metrics", "inspection", "downstream", "synthetic"}
"""Packages of which every module is imported by its name."""

FACES = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def test_the_core_is_eleven_names():
    assert set(selip_core.__all__) == CORE
    assert all(getattr(selip_core, name) is not None for name in CORE)
    assert set(dir(selip_core)) >= CORE - {"__version__"}


def test_the_core_is_what_the_rooms_show():
    from selip_core.losses import selip_loss
    from selip_core.reports import parse_report

    assert selip_core.selip_loss is selip_loss and selip_core.parse_report is parse_report


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_stay_where_they_are(module):
    found = importlib.import_module(module)
    assert [name for name in PUBLIC[module] if getattr(found, name, None) is None] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_stay_where_they_are(name):
    command = [sys.executable, "-m", f"selip_core.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


def test_faces_are_seen():
    assert {"reports", "similarity", "encoders", "plotting", "widgets"} < {path.name for path in FACES}


@pytest.mark.parametrize("face", FACES, ids=lambda path: path.relative_to(PACKAGE.parent).as_posix())
def test_a_face_is_short_and_every_name_of_it_is_there(face):
    assert len((face / "__init__.py").read_text(encoding="utf-8").splitlines()) <= 15
    found = importlib.import_module(".".join(face.relative_to(PACKAGE.parent).parts))
    assert found.__doc__
    stub = face / "__init__.pyi"
    shown = stub.read_text(encoding="utf-8") if stub.exists() else ""
    names = [
        a.asname for node in ast.walk(ast.parse(shown)) if isinstance(node, ast.ImportFrom) for a in node.names
    ]  # fmt: skip
    assert names or face.name in NO_FACE, f"{stub} shows nothing"
    assert None not in names, "write `name as name`, which tells editors that it is meant for others"
    assert [name for name in names if getattr(found, name, None) is None] == []


def test_faces_load_nothing_heavy():
    modules = [".".join(face.relative_to(PACKAGE.parent).parts) for face in FACES]
    code = f"import sys; import {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_the_snippet_of_the_readme_runs(tiny_model, tmp_path, monkeypatch):
    """Its model and volume are small ones here; all else is as it stands there."""
    import nibabel as nib

    from tests.helpers.explorer_files import write_head

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = next(block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "parse_report(" in block)
    (folder,) = set(re.findall(r'from_pretrained\("(.+?)"\)', snippet))
    monkeypatch.chdir(tmp_path)
    tiny_model.config |= PREPROCESSED
    tiny_model.eval().save_pretrained(tmp_path / folder)
    nib.save(nib.load(write_head(tmp_path / "head.nii.gz")), tmp_path / "scan.nii.gz")
    names: dict = {}
    exec(compile(snippet, "README.md", "exec"), names)
    assert names["model"].config["embedding_size"] == 16
