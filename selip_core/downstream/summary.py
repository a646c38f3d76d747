"""Every headline number in one table, the differences with their tests, and what became of the paper's claims."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core._utils.tables import named_tests, read_saved_table
from selip_core.downstream.answer import METHODS, planned_p
from selip_core.downstream.classification_tables import MEAN
from selip_core.downstream.study_retrieval import DIRECTIONS, FINDINGS_RECALL, LEARNED
from selip_core.downstream.study_retrieval import MEAN as MEAN_OF_SERIES
from selip_core.downstream.study_tables import BEST_SINGLE, FUSION_COMPARISONS
from selip_core.metrics.resampling import ALPHA, holm
from selip_core.metrics.yardsticks import BY_STUDY, CONSTANT, SIDE
from selip_core.pretraining.methods import SOFT_PAIRS

RECALL_AT = 10
"""The k of the recall that counts as retrieval's result."""

IMAGE_TO_TEXT, CONTENT = "image to text", "content of what is found"
"""Groups of retrieval's outcomes: where the true sentence stands, and what the first sentences say."""

OF_PLACE = ("recall@", "findings recall@", "mean reciprocal rank", "percentile", SIDE)
"""What the names of the measures of the first group begin with."""


def _recall(row) -> str:
    return f"{row.direction}, recall@{row.k}"


def _yardstick(row) -> str:
    return f"{IMAGE_TO_TEXT}, {row.measure}" if row.measure == f"recall@{RECALL_AT}" else row.measure


def _study(row) -> str:
    # a difference is of two ways to fuse the series of one method
    return f"{BY_STUDY}, {row.measure}" + (f", {row.method}" if hasattr(row, "comparison") else "")


def _share(fraction: float) -> str:
    return "no labels" if fraction == 0 else f"{100 * fraction:.3g} %"


def _auc(row) -> str:
    return f"{row.task}, {row.approach}, {_share(row.fraction)}, AUC"


def _dice(row) -> str:
    name = f"{row.task}, {row.region}" if row.task == "BraTS" else row.task
    return f"{name}, {_share(row.fraction)}, Dice"


@dataclass(frozen=True)
class DownstreamTask:
    """Where the test results of a downstream task lie, and what its outcomes are called.

    Parameters
    ----------
    notebook : str
        The one that runs it.
    scores, differences : str
        Names of its two tables.
    outcome : function of a row of either to the name of the outcome
    value, n_scores, n_differences : str
        Columns of the score, and of what n counts in the one table and the other.
    group : str
        As `Claim` calls its outcomes; empty where retrieval's rows tell it: a direction, or a measure.
    only : dict of column to the values of results
        In the tables that have the column; rows with other values are detail.
    """

    notebook: str
    scores: str
    differences: str
    outcome: Callable[[object], str]
    value: str
    n_scores: str
    n_differences: str
    group: str = ""
    only: dict[str, tuple] = field(default_factory=dict)


_CLASSIFICATION = {
    "outcome": _auc, "value": "auc", "n_scores": "patients", "n_differences": "patients", "only": {"label": (MEAN,)},
}  # fmt: skip
_SEGMENTATION = {
    "outcome": _dice, "value": "dice", "n_scores": "test_cases", "n_differences": "patients", "group": "segmentation",
}  # fmt: skip

TASKS = (
    # first, so that recall@10 comes with its constant answer; the next table has it once more, for both directions
    DownstreamTask(
        "05_image_text_retrieval", "yardsticks", "yardstick_differences", outcome=_yardstick, value="value",
        n_scores="queries", n_differences="queries",
    ),
    DownstreamTask(
        "05_image_text_retrieval", "recall", "difference", outcome=_recall, value="recall", n_scores="queries",
        n_differences="queries", only={"k": (RECALL_AT,)},
    ),
    # the untrained start has the mean of the series alone; of all others the learned fusion comes first, and is kept
    DownstreamTask(
        "05_image_text_retrieval", "study", "study_differences", outcome=_study, value="value", n_scores="queries",
        n_differences="queries", group=BY_STUDY, only={
            "direction": DIRECTIONS[:1], "measure": (FINDINGS_RECALL,), "fusion": (CONSTANT, LEARNED, MEAN_OF_SERIES),
            "comparison": FUSION_COMPARISONS,
        },
    ),
    DownstreamTask("06_classification", "scores", "differences", group="in-domain classification", **_CLASSIFICATION),
    DownstreamTask("07_segmentation", "scores", "differences", **_SEGMENTATION),
    DownstreamTask(
        "06_classification", "brats_scores", "brats_differences", group="cross-domain classification", **_CLASSIFICATION
    ),
    DownstreamTask("07_segmentation", "brats_scores", "brats_differences", **_SEGMENTATION),
)  # fmt: skip
"""Every downstream task, in the order of the summary: a new one is entered here."""

NOTEBOOKS = tuple(dict.fromkeys(task.notebook for task in TASKS))
"""The notebooks that test: their ``metrics.json`` hold what is known of a model."""


@dataclass(frozen=True)
class Claim:
    """A claim, and the comparison that decides it here.

    Parameters
    ----------
    text : str
        The claim in our words.
    group : str
        The outcomes that it speaks of, as in the table of differences.
    comparison : str
        As there: ``SeLIP − CLIP``.
    few : bool
        Whether it speaks of a share of the training patients only.
    """

    text: str
    group: str
    comparison: str
    few: bool = False


_HELPS = (
    ("Pretraining helps to classify head MRI", "in-domain classification", False),
    ("Pretraining helps to classify where labels are few", "in-domain classification", True),
    ("Pretraining carries over to another kind of scan", "cross-domain classification", False),
    ("It does so where labels are few", "cross-domain classification", True),
    ("Pretraining helps to segment", "segmentation", False),
    ("Pretraining helps to segment with few masks", "segmentation", True),
)
_BETTER = (
    ("{second} finds the report of an image better than {first}", IMAGE_TO_TEXT, False),
    ("What {second} finds says more of the truth than what {first} finds", CONTENT, False),
    ("{second} finds the image of a report better than {first}", "text to image", False),
    ("{second} classifies head MRI better than {first}", "in-domain classification", False),
    ("{second} does so where labels are few", "in-domain classification", True),
)
"""Claims as (text, group, few): of SeLIP against its untrained start, and of soft targets against what has none."""

CLAIMS = tuple(
    Claim(text, group, "SeLIP − scratch", few) for text, group, few in _HELPS
) + tuple(
    Claim(text.format(first=first, second=second), group, f"{second} − {first}", few)
    for first, second in SOFT_PAIRS for text, group, few in _BETTER
) + tuple(
    Claim(f"The learned fusion of a study's series finds its report better than {than}", BY_STUDY, comparison)
    for than, comparison in zip(("their mean", f"the {BEST_SINGLE}"), FUSION_COMPARISONS, strict=True)
)  # fmt: skip
"""The paper's claims, the same of the sharp soft targets against CLIP and against smoothing of their strength, and what
the series of a study tell together."""

SCORES = ["outcome", "method", "value", "low", "high", "n", "data_source"]
DIFFERENCES = [
    "group", "share", "outcome", "comparison", "difference", "low", "high", "p", "test", "p_holm", "p_planned",
    "significant", "n", "data_source",
]  # fmt: skip
"""The columns of the two tables that `collect` returns."""


def collect(results: dict[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every headline score, and every difference, from the tables of the downstream notebooks.

    Parameters
    ----------
    results : dict of notebook to its results folder
        All of `NOTEBOOKS`.

    Returns
    -------
    scores : DataFrame of `SCORES`
    differences : DataFrame of `DIFFERENCES`
        ``share`` is of the training patients, ``test`` is what p is of. ``p_holm`` is corrected over all rows of the
        table, ``p_planned`` over the planned comparisons alone (`selip_core.downstream.answer.is_planned`), NaN for all
        others. ``significant`` goes by ``p_planned`` where there is one.
    """
    scores, differences = [], []
    for task in TASKS:
        tables = results[task.notebook] / "tables"
        for row in _rows(tables / f"{task.scores}.csv", task.only):
            scores.append((task.outcome(row), row.method, getattr(row, task.value), row.low, row.high,
                           getattr(row, task.n_scores), row.data_source))  # fmt: skip
        for row in _rows(tables / f"{task.differences}.csv", task.only):
            # retrieval needs no labels, and its table of recall may compare two methods only: it lacks these columns
            share, comparison = getattr(row, "fraction", 1.0), getattr(row, "comparison", "SeLIP − CLIP")
            about = task.group or _group(row), share, task.outcome(row), comparison
            estimate = row.difference, row.low, row.high, row.p, row.test
            differences.append((*about, *estimate, getattr(row, task.n_differences), row.data_source))
    measured = [name for name in DIFFERENCES if name not in ("p_holm", "p_planned", "significant")]
    found = pd.DataFrame(differences, columns=measured).drop_duplicates(["outcome", "comparison"], ignore_index=True)
    found = found.assign(p_holm=holm(found["p"].astype(float)), p_planned=planned_p(found))
    found = found.assign(significant=_decides(found) < ALPHA)[DIFFERENCES]
    table = pd.DataFrame(scores, columns=SCORES)
    return table.drop_duplicates(["outcome", "method"], ignore_index=True), found


def _decides(differences: pd.DataFrame) -> pd.Series:
    """Return the p that says whether a difference is significant."""
    return differences["p_planned"].fillna(differences["p_holm"])


def _group(row) -> str:
    """Return the group of a row of retrieval: its direction, or what its measure is about."""
    if hasattr(row, "direction"):
        return row.direction
    return IMAGE_TO_TEXT if row.measure.startswith(OF_PLACE) else CONTENT


def _rows(path: Path, only: dict[str, tuple]):
    """Yield the rows of a table that are results, or none where the notebook had nothing to write."""
    if not path.exists() or path.stat().st_size <= 1:
        return
    table = read_saved_table(path, numbers=True)
    for column, values in only.items():
        if column in table:
            table = table[table[column].isin(values)]
    yield from table.itertuples()


def side_by_side(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row an outcome: each method's value with its interval as text, n and the data source."""
    intervals = zip(scores["value"], scores["low"], scores["high"], strict=True)
    scores = scores.assign(text=[_with_interval(*interval) for interval in intervals])
    rows = []
    for outcome, part in scores.groupby("outcome", sort=False):
        by_method = part.set_index("method")["text"]
        values = {method: by_method.get(method, "") for method in METHODS}
        rows.append({"outcome": outcome, **values, "n": int(part["n"].iloc[0]),
                     "data_source": part["data_source"].iloc[0]})  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", *METHODS, "n", "data_source"])


def _with_interval(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "too few to say"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


def latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table as LaTeX (booktabs), its characters escaped."""
    return table.to_latex(index=False, escape=True, caption=caption, na_rep="", position="htbp")


def verdicts(differences: pd.DataFrame) -> list[str]:
    """Return one paragraph a claim, written from the numbers: it held here, its reverse did, or it is left open.

    A claim holds for an outcome where the difference is positive and significant, as `collect` says. The paragraph
    names the tests that its p-values are of, and over what they are corrected.
    """
    paragraphs = []
    for claim in CLAIMS:
        right = (differences["group"] == claim.group) & (differences["comparison"] == claim.comparison)
        few, whole = differences["share"].between(0, 1, inclusive="neither"), differences["share"] == 1
        part = differences[right & (few if claim.few else whole)]
        paragraphs.append(f"**{claim.text}** ({claim.comparison}). {_verdict(part)}")
    return paragraphs


def _verdict(part: pd.DataFrame) -> str:
    known = part[part["low"].notna()]
    if known.empty:
        return "There are too few patients here to say anything." if len(part) else "This was not measured here."
    better = known[known["significant"] & (known["difference"] > 0)]
    worse = known[known["significant"] & (known["difference"] < 0)]
    sources = " and ".join(dict.fromkeys(known["data_source"]))
    detail = "; ".join(
        f"{row.outcome}: {row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f}), p {p:.3g}"
        f"{'' if np.isnan(row.p_planned) else ' (planned)'}"
        for row, p in zip(known.itertuples(), _decides(known), strict=True)
    )
    if len(better) == len(known):
        head = f"Held on the {sources}"
    elif len(worse) == len(known):
        head = f"Did not hold on the {sources}: the reverse did"
    elif len(better) or len(worse):
        head = f"Held in {len(better)} of {len(known)} outcomes on the {sources}"
        head += f", and the reverse in {len(worse)}" if len(worse) else ""
    else:
        head = f"Left open on the {sources}: no difference is significant after correction"
    planned = known["p_planned"].notna()
    over = "the planned comparisons" if planned.all() else "all differences"
    over += ", of the planned ones over these alone" if planned.any() and not planned.all() else ""
    return f"{head}. {detail}. Test: {named_tests(known)}; p after Holm's correction over {over}."
