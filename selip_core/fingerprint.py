"""Fingerprints of what a notebook run depends on: its text, this package, its settings, its cohort."""

import ast
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core import paths
from selip_core.config import get_settings
from selip_core.errors import SelipError
from selip_core.files import read_json

if TYPE_CHECKING:
    from torch import nn

_PACKAGE = Path(__file__).resolve().parent
_NO_ARITHMETIC = {"config", "errors", "files", "fingerprint", "paths"}


def digest(*parts: str | bytes) -> str:
    """Return 16 hexadecimal digits that change when any part, or the order of parts, does."""
    total = hashlib.sha256()
    for part in parts:
        # a file name may be no UTF-8
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def weights_digest(model: "nn.Module") -> str:
    """Return 16 hexadecimal digits that change when any weight or running statistic of a model does."""
    import torch

    tensors = (tensor.detach().cpu().contiguous().reshape(-1) for tensor in model.state_dict().values())
    return digest(*(tensor.view(torch.uint8).numpy().tobytes() for tensor in tensors))  # numpy has no bfloat16


def notebook_source(path: Path) -> str:
    """Return the text of a notebook that its results depend on: cell types, tags and sources, no outputs.

    Raises
    ------
    SelipError
        If the file is missing or is not a notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        kept = [
            [cell["cell_type"], sorted(cell.get("metadata", {}).get("tags", [])), "".join(cell["source"])]
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SelipError(f"notebook {path} cannot be read: {error}") from None
    return json.dumps(kept, ensure_ascii=False)


def package_text() -> str:
    """Return the fingerprint of every Python and YAML file of this package, with its place in it."""
    files = sorted(p for p in _PACKAGE.rglob("*") if p.suffix in {".py", ".yaml"})
    return digest(*(part for p in files for part in (p.relative_to(_PACKAGE).as_posix(), p.read_bytes())))


def code_fingerprint(*modules: str) -> str:
    """Return the fingerprint of modules of this package and of all that they import from it, comments apart.

    For long work such as pretraining, which must not be continued by other code, nor be lost because a figure changed.
    Modules that hold settings or write files are left out: their values are fingerprinted where they are used.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _PACKAGE / f"{name}.py"
        if name in found or name in _NO_ARITHMETIC or not path.exists():  # a name that is no module
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = ast.unparse(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == _PACKAGE.name:
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_PACKAGE.name}."):
                waiting.append(node.module.split(".")[1])
    return digest(*(part for name in sorted(found) for part in (name, found[name])))


def cohort_fingerprint(cohort: str) -> str:
    """Return the fingerprint of a cohort: tables by content, volumes by name, size and time of change.

    The embedded cohort is made from the settings and the seed, so its name is enough.

    Raises
    ------
    SelipError
        If the folder does not exist.
    """
    if cohort == "embedded":
        return "embedded"
    folder = paths.cohort_dir(cohort, 0, "", 0)
    parts: list[str | bytes] = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts.append(file.relative_to(folder).as_posix())
        if file.suffix in {".csv", ".json"}:
            parts.append(file.read_bytes())
        else:
            status = file.stat()
            parts.append(f"{status.st_size} {status.st_mtime_ns}")
    return digest(*parts)


def run_inputs(
    notebook: str, *, profile: str, seed: int, cohort: str, brats: str | None = None
) -> dict[str, str | int]:
    """Return the fingerprints of what a run of a notebook starts from, upstream runs apart.

    Returns
    -------
    dict
        ``code`` (notebook and package), ``settings``, ``cohort``, ``seed``, and ``brats`` where the notebook uses it.
    """
    path = paths.notebooks_dir() / f"{notebook}.ipynb"
    source = notebook_source(path) if path.exists() else ""  # a run may be started from a script as well
    inputs = {
        "code": digest(source, package_text()),
        "settings": digest(get_settings(profile).model_dump_json()),
        "cohort": cohort_fingerprint(cohort),
        "seed": seed,
    }
    return inputs if brats is None else {**inputs, "brats": cohort_fingerprint(brats)}


def standing_runs(profile: str) -> list[Path]:
    """Return the results folders of the finished notebooks, without those whose upstream ran again since."""
    files = sorted(paths.results_dir(profile).glob("[0-9][0-9]_*/run.json"))
    records = {path.parent.name: read_json(path) or {} for path in files}

    def stands(notebook: str) -> bool:
        record = records.get(notebook, {})
        upstream = record.get("upstream", {}).items()
        return bool(record.get("finished")) and all(
            stands(name) and records[name].get("run_id") == run_id for name, run_id in upstream
        )

    return [paths.results_dir(profile, notebook) for notebook in records if stands(notebook)]
