"""Which notebook may begin: the first that reads nothing of one that has not ended."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

AT_ONCE = {"smoke": 2}
"""Notebooks of a profile that run at the same time: of smoke each keeps one core busy, of the others all."""

_NOTEBOOK = re.compile(r"""["']([0-9]{2}_\w+)["']""")


def what_is_read(notebooks: Sequence[Path]) -> dict[Path, set[str]]:
    """Return by notebook the names of those that must have ended before it.

    They are the notebooks that its code names, for it reads their results, and of those that take a BraTS folder all
    before it: the first makes the embedded one.
    """
    from selip_core.pipeline.execution import takes_parameter  # papermill is slow to import: not for --help

    brats = [path for path in notebooks if takes_parameter(path, "brats")]
    earlier = {path: {before.stem for before in brats[:i]} for i, path in enumerate(brats)}
    return {
        path: set(_NOTEBOOK.findall(_code(path))) - {path.stem} | earlier.get(path, set()) for path in notebooks
    }


def next_to_begin(
    waiting: Sequence[Path], running: Collection[Path], reads: Mapping[Path, set[str]]
) -> Path | None:
    """Return the first of the waiting notebooks that reads nothing of one that runs or waits before it."""
    not_ended = {path.stem for path in running}
    for path in waiting:
        if not reads[path] & not_ended:
            return path
        not_ended.add(path.stem)
    return None


def _code(notebook: Path) -> str:
    """Return the code of a notebook; nothing where it cannot be read, which is told when it is run."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return ""
