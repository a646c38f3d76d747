"""A bare installation is the core: what of it works with the hard dependencies alone, and what says it lacks."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from benchmarks.machine import modules_imported
from tests.helpers.modules import module_names
from tests.helpers.places import PACKAGE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ROOMS = {
    "study": ("datasets", "inspection", "downstream", "explore", "pretraining"),
    "ingest": ("ingest", "lexicon_gaps"),
    "plot": ("plotting",),
    "jupyter": ("widgets",),
    "pipeline": ("pipeline", "pretrain"),
}
"""What each extra is for."""
SITE = Path(sysconfig.get_path("purelib"))


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def brought_by(requirements):
    """Return the distributions that pip would install for some requirements, by name."""
    found, seen, waiting = {}, set(), [(Requirement(text), ("",)) for text in requirements]
    while waiting:
        requirement, asked = waiting.pop()  # `asked`: the extras of what requires it
        name, extras = canonical(requirement.name), ("", *sorted(requirement.extras))
        if name == PROJECT["name"]:  # an extra that builds on another
            waiting += [(Requirement(text), ("",)) for extra in requirement.extras for text in EXTRAS[extra]]
        elif (name, extras) not in seen and (
            requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in asked)
        ):
            seen.add((name, extras))
            found[name] = importlib.metadata.distribution(requirement.name)
            waiting += [(Requirement(text), extras) for text in found[name].requires or ()]
    return found


def make_site(folder, requirements):
    """Return a folder of packages with this one and what some requirements bring, and nothing else."""
    for distribution in brought_by(requirements).values():
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists() and (SITE / top).exists():
                (folder / top).symlink_to(SITE / top)
    shutil.copytree(PACKAGE, folder / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return make_site(tmp_path_factory.mktemp("site"), PROJECT["dependencies"])


def run(bare, *arguments):
    """Run a Python that sees the bare installation alone (-S: no site-packages of this one)."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(bare), "HOME": os.environ.get("HOME", "/"),
                   "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-S", *arguments], cwd=bare.parent, env=environment, capture_output=True, text=True
    )


def test_the_core_has_few_hard_dependencies():
    assert len(PROJECT["dependencies"]) <= 14
    groups = ("study", "register", "ingest", "plot", "jupyter", "pipeline", "cluster")
    extras = {Requirement(text).name for group in groups
              for text in PROJECT["optional-dependencies"][group]}  # fmt: skip
    assert not extras & {Requirement(text).name for text in PROJECT["dependencies"]}


def test_all_is_every_extra():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    named = {"study", "register", "ingest", "plot", "jupyter", "pipeline", "cluster"}
    assert Requirement(everything).extras == named


USE = """
import sys
import numpy as np, nibabel as nib, torch
import selip_core
from selip_core.encoders import build_model

findings = selip_core.parse_report("左侧基底节区见片状长T1长T2信号影，DWI呈明显高信号。")["DWI"]
assert findings == [selip_core.Finding("左侧基底节区", "片状高信号")], findings
texts = ["在左侧额叶表现为长信号", "在左侧额叶表现为斑片状长信号"]
similarity = selip_core.similarity_matrix(texts)
targets = selip_core.soft_targets(similarity)
assert torch.allclose(targets.sum(1), torch.ones(2))
features = torch.nn.functional.normalize(torch.randn(2, 8), dim=1)
assert torch.isfinite(selip_core.selip_loss(features, features, torch.tensor(10.0), similarity)["loss"])
model = build_model({"name": "small", "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
                    volume_shape=(4, 16, 16), embedding_size=16, vocabulary_texts=texts)
model.eval().save_pretrained("model")
again = selip_core.SelipModel.from_pretrained("model")
voxels = np.zeros((40, 48, 24), np.float32)
voxels[8:32, 8:40, 4:20] = 100 + np.arange(16)
nib.save(nib.Nifti1Image(voxels, np.diag([5, 5, 6, 1.0])), "head.nii.gz")
volume = selip_core.preprocess("head.nii.gz", spacing_mm=(20.0, 12.0, 12.0), shape=(4, 16, 16))
assert again.encode_image(volume[None]).shape == (1, 16)
assert torch.equal(again.encode_text(texts), model.encode_text(texts))
build_model({"name": "resnet50", "pooling": "average", "width": 8}, {"name": "small", "max_tokens": 48},
            volume_shape=(4, 16, 16), embedding_size=16, vocabulary_texts=texts)
import selip_core.pretraining.loop, selip_core.datasets.volume_cache
"""
EXPORT = """
from selip_core.export import export_model

model.config["data_source"] = "embedded synthetic cohort"
model.save_pretrained("results/04_pretraining/models/SeLIP_seed0/best")
card = export_model("results", "SeLIP", 0, "exported") / "README.md"
assert "- synthetic-data" in card.read_text(encoding="utf-8")
"""


def test_the_core_works_alone_and_exports_a_model_with_its_card(bare):
    done = run(bare, "-c", USE + EXPORT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "room, extra",
    [("plotting", "plot"), ("widgets", "jupyter"), ("ingest", "ingest"),
     ("downstream", "study"), ("inspection", "study"), ("datasets.synthetic", "study")],
)  # fmt: skip
def test_a_room_that_lacks_its_extra_says_so(bare, room, extra):
    done = run(bare, "-c", f"import selip_core.{room}")
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1 and f"selip_core.{room} needs" in last and f"'selip[{extra}]'" in last, done.stderr


@pytest.mark.parametrize(
    "command, extra",
    [("ingest a --out b", "ingest"), ("search a.parquet b text", "study")],
)
def test_a_command_that_lacks_its_extra_says_so_in_one_line(bare, command, extra):
    done = run(bare, "-m", *f"selip_core.{command}".split())
    assert done.returncode in (1, 2) and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert f"'selip[{extra}]'" in done.stderr


@pytest.mark.parametrize("command", ["embed", "search", "export", "extract", "pretrain", "pipeline"])
def test_commands_of_the_core_tell_their_options(bare, command):
    done = run(bare, "-m", f"selip_core.{command}", "--help")
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


def test_the_run_of_a_notebook_says_which_extra_it_lacks(bare):
    done = run(bare, "-c", "from selip_core.pipeline import start_run")
    assert done.returncode == 1 and "'selip[pipeline]'" in done.stderr.strip().splitlines()[-1], done.stderr


def imported_with(path):
    """Return the modules, and names of them, that a file imports when it is imported: not those of its functions."""
    waiting, found = ast.parse(path.read_text(encoding="utf-8")).body, []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        elif getattr(getattr(node, "test", None), "id", "") != "TYPE_CHECKING":
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return found


def rooms_of(extra):
    files = (path for room in ROOMS[extra] for path in (*(PACKAGE / room).rglob("*.py"), PACKAGE / f"{room}.py"))
    return [path for path in files if path.exists()]


@pytest.mark.parametrize("extra", ROOMS)
def test_an_extra_names_all_that_its_rooms_import(extra):
    foreign, packages = modules_imported(rooms_of(extra), imported_with), importlib.metadata.packages_distributions()
    brought = brought_by([*PROJECT["dependencies"], *EXTRAS[extra]])
    lacking = {name for name in foreign if not {canonical(d) for d in packages.get(name, ())} & brought.keys()}
    assert "numpy" in foreign and lacking == set()


def test_what_a_room_imports_is_seen_and_what_the_core_lacks_is_named():
    foreign = modules_imported(rooms_of("plot"), imported_with)
    assert "seaborn" in foreign and "torch" in foreign and "monai" not in foreign
    assert "seaborn" not in brought_by(PROJECT["dependencies"])


@pytest.mark.slow
@pytest.mark.parametrize("extra", ROOMS)
def test_an_extra_brings_all_that_its_rooms_import(tmp_path, extra):
    site = make_site(tmp_path, [*PROJECT["dependencies"], *EXTRAS[extra]])
    names = module_names(rooms_of(extra))
    assert len(names) > 1
    done = run(site, "-c", "import " + ", ".join(names))
    assert done.returncode == 0, done.stderr
