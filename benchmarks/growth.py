"""How each cost grows: exponents fitted to what was measured, and their figure.

python -m benchmarks.growth    draws docs/scaling/growth.png; `benchmarks.tables` writes the table beside it
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.estimates import Benchmarks
from benchmarks.measure import RESULTS

PICTURE = Path(__file__).parents[1] / "docs" / "scaling" / "growth.png"
COLUMNS = {
    "cost": "cost", "of": "with the number of", "least": "from", "most": "to", "points": "sizes",
    "exponent": "exponent", "last": "of the last two sizes",
}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What grows with what, and which rows of which benchmark measured it.

    Parameters
    ----------
    name, of : str
        The cost, and what it grows with.
    benchmark : str
    wanted : function of a row to whether it is of this cost
    size : function of a row to how much of `of` there was
    seconds : str
        The key of the time.
    """

    name: str
    of: str
    benchmark: str
    wanted: Callable[[dict], bool]
    size: Callable[[dict], float]
    seconds: str


def _is_step(row: dict) -> bool:
    return row["what"] == "pretraining step" and row["encoder"] == "small" and row["variant"] == "float32"


def _voxels(row: dict) -> int:
    return int(np.prod([int(n) for n in row["shape"].split("×")]))


COSTS = (
    Cost("making the embedded cohort", "patients", "embedded_cohort", lambda row: True, lambda row: row["patients"],
         "seconds"),
    Cost("a training step", "pairs of a batch", "training", lambda row: _is_step(row) and row["shape"] == "16×48×40",
         lambda row: row["batch"], "seconds_a_step"),
    Cost("a training step of 8", "voxels of a volume", "training", lambda row: _is_step(row) and row["batch"] == 8,
         _voxels, "seconds_a_step"),
    Cost("ten nearest of 256 queries", "volumes of a gallery", "retrieval", lambda row: row["queries"] == 256,
         lambda row: row["gallery"], "seconds"),
    Cost("ten neighbours of every report", "reports", "similarity",
         lambda row: row["what"] == "10 neighbours of each"
         and (row["corpus"], row["matching"]) == ("embedded", "mean"),
         lambda row: row["reports"], "total_seconds"),
)  # fmt: skip


def measured(cost: Cost, results: Path = RESULTS, device: str = "cpu") -> tuple[np.ndarray, np.ndarray]:
    """Return (sizes, seconds) of a cost, by size."""
    found = Benchmarks(results).rows(f"{cost.benchmark}_{device}", cost.wanted)
    points = sorted((cost.size(row), row[cost.seconds]) for row in found if row[cost.seconds])
    sizes, seconds = np.array(points, float).T
    return sizes, seconds


def fitted(sizes: np.ndarray, seconds: np.ndarray) -> tuple[float, float]:
    """Return (a, b) of the line ``log seconds = a + b log size`` that fits best."""
    b, a = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return float(a), float(b)


def exponent(sizes: np.ndarray, seconds: np.ndarray) -> float:
    """Return b of that line."""
    return fitted(sizes, seconds)[1]


def rows(results: Path = RESULTS, device: str = "cpu") -> list[dict]:
    """Return a row a cost: over which sizes it was measured, and its exponent over all of them and the last two."""
    found = []
    for cost in COSTS:
        sizes, seconds = measured(cost, results, device)
        found.append({
            "cost": cost.name, "of": cost.of, "least": int(sizes[0]), "most": int(sizes[-1]), "points": len(sizes),
            "exponent": exponent(sizes, seconds), "last": exponent(sizes[-2:], seconds[-2:]),
        })  # fmt: skip
    return found


def figure(results: Path = RESULTS, device: str = "cpu"):
    """Return a panel a cost: seconds against size, both logarithmic, with the line that was fitted."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    from selip_core.plotting.style import PAGE_MM, apply_style, inches

    apply_style()
    drawn, axes = plt.subplots(2, 3, figsize=inches(PAGE_MM, 105))
    for axis, cost in zip(axes.flat, COSTS, strict=False):
        sizes, seconds = measured(cost, results, device)
        a, b = fitted(sizes, seconds)
        axis.loglog(sizes, seconds, "o", ms=4)
        axis.loglog(sizes, np.exp(a + b * np.log(sizes)), "-", lw=1)
        for scale in (axis.xaxis, axis.yaxis):  # whole powers of ten alone are named
            scale.set_major_locator(LogLocator(numticks=4))
            scale.set_minor_formatter(NullFormatter())
        axis.set(xlabel=cost.of, xlim=(sizes[0] / 3, sizes[-1] * 3), ylim=(seconds.min() / 4, seconds.max() * 4))
        axis.set_title(f"{cost.name}\nexponent {b:.2f}", fontsize=7.5)
    for axis in axes.flat[len(COSTS) :]:
        axis.remove()
    for axis in axes[:, 0]:
        axis.set_ylabel("seconds")
    drawn.tight_layout()
    return drawn


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    figure().savefig(PICTURE, dpi=150)
    print(f"written: {PICTURE.relative_to(PICTURE.parents[2])}")
