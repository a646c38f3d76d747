"""Nothing that a cohort or a checkpoint brings is ever run: no pickle, no remote code, in the library or a notebook."""

import ast
import json
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
CALLS = {"pandas.read_pickle", "torch.hub.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec"}
NAMES = {"read_pickle", "to_pickle", "unsafe_load"}


def code_of(path: Path) -> str:
    """Return the Python of a module, or of a notebook's code cells without the lines that are for the shell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join(cells).splitlines()
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def imported(tree: ast.AST) -> dict[str, str]:
    """Return the full name behind each imported name."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def dangers_of_import(node: ast.Import | ast.ImportFrom) -> list[str]:
    modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    named = [a.name for a in node.names if isinstance(node, ast.ImportFrom) and a.name in NAMES]
    return [f"imports {name}" for name in (*modules, *named) if name.split(".")[0] in MODULES or name in NAMES]


def dangers_of_call(node: ast.Call, names: dict[str, str]) -> list[str]:
    called = full_name(node.func, names)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    found = []
    if called in CALLS or called.split(".")[-1] in NAMES:
        found.append(f"calls {called}")
    if called == "torch.load" and not is_constant(given.get("weights_only"), True):
        found.append("torch.load without weights_only=True")
    if called == "numpy.load" and len(node.args) > 2 and not is_constant(node.args[2], False):
        found.append("numpy.load with allow_pickle")
    if called in ("__import__", "importlib.import_module") and node.args and isinstance(node.args[0], ast.Constant):
        found += [f"imports {name}" for name in [str(node.args[0].value)] if name.split(".")[0] in MODULES]
    for option in ("allow_pickle", "trust_remote_code"):
        if option in given and not is_constant(given[option], False):
            found.append(f"{option} is not False")
    return found


def dangers(source: str) -> list[str]:
    """Return what in a source could run what a file brings."""
    tree = ast.parse(source)
    names = imported(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += dangers_of_import(node)
        elif isinstance(node, ast.Call):
            found += dangers_of_call(node, names)
        elif isinstance(node, ast.Dict):
            options = zip(node.keys, node.values, strict=True)
            found += [
                f"{key.value} is not False"
                for key, value in options
                if isinstance(key, ast.Constant)
                and key.value in ("allow_pickle", "trust_remote_code")
                and not is_constant(value, False)
            ]
    return found


SOURCES = sorted([*(ROOT / "selip_core").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_that_is_read_can_run(path):
    assert dangers(code_of(path)) == []


def test_the_scan_sees_the_library_and_the_notebooks():
    assert {path.suffix for path in SOURCES} == {".py", ".ipynb"}
    assert {"model.py", "volume_cache.py", "01_data_curation.ipynb"} <= {path.name for path in SOURCES}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "import joblib as j", "from dill import load", "import shelve", "from pickle import loads",
        "import joblib.numpy_pickle", "def f():\n    import pickle", "__import__('pickle')",
        "import importlib\nimportlib.import_module('joblib')",
        "import numpy as np\nnp.load(p, allow_pickle=True)", "import numpy\nnumpy.load(p, allow_pickle=flag)",
        "from numpy import load\nload(p, 'r', True)", "np.load(p, **{'allow_pickle': True})",
        "import torch\ntorch.load(p)", "import torch as t\nt.load(p, weights_only=False)",
        "from torch import load as read\nread(p)", "import torch\ntorch.load(p, weights_only=flag)",
        "import torch\ntorch.hub.load('a/b', 'c')",
        "import pandas as pd\npd.read_pickle(p)", "from pandas import read_pickle", "frame.to_pickle(p)",
        "AutoModel.from_pretrained(p, trust_remote_code=True)", "f(trust_remote_code=flag)",
        "options = {'trust_remote_code': True}", "import yaml\nyaml.load(text)", "eval(text)",
    ],
)  # fmt: skip
def test_the_scan_refuses(source):
    assert len(dangers(source)) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.load(p)\nnp.load(p, mmap_mode='r', allow_pickle=False)",
        "import torch\ntorch.load(p, map_location='cpu', weights_only=True)",
        "AutoModel.from_pretrained(p, trust_remote_code=False)", "model.eval()", "import json\njson.load(file)",
        "import yaml\nyaml.safe_load(text)",
    ],
)  # fmt: skip
def test_the_scan_lets_pass(source):
    assert dangers(source) == []


def test_lines_for_the_shell_do_not_stop_the_scan_of_a_notebook(tmp_path):
    cells = [{"cell_type": "code", "source": ["%matplotlib inline\n", "import pickle"]}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    assert dangers(code_of(tmp_path / "a.ipynb")) == ["imports pickle"]
