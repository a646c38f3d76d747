"""Every headline number in one table, the differences with their tests, and what became of the paper's claims."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core.downstream.classification_tables import MEAN
from selip_core.metrics.resampling import holm
from selip_core.pretraining.methods import METHODS

ALPHA = 0.05


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and the comparison that decides it here.

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


CLAIMS = (
    Claim("SeLIP finds the report of an image better than CLIP", "image to text", "SeLIP − CLIP"),
    Claim("SeLIP finds the image of a report better than CLIP", "text to image", "SeLIP − CLIP"),
    Claim("Pretraining helps to classify head MRI", "in-domain classification", "SeLIP − scratch"),
    Claim("SeLIP classifies head MRI better than CLIP", "in-domain classification", "SeLIP − CLIP"),
    Claim(
        "Pretraining helps to classify where labels are few", "in-domain classification", "SeLIP − scratch", few=True
    ),
    Claim("Pretraining carries over to another kind of scan", "cross-domain classification", "SeLIP − scratch"),
    Claim("It does so where labels are few", "cross-domain classification", "SeLIP − scratch", few=True),
    Claim("Pretraining helps to segment", "segmentation", "SeLIP − scratch"),
    Claim("Pretraining helps to segment with few masks", "segmentation", "SeLIP − scratch", few=True),
)


def collect(results: dict[str, Path], *, k: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every headline score, and every difference, from the tables of the downstream notebooks.

    Parameters
    ----------
    results : dict of notebook to its results folder
        ``05_image_text_retrieval``, ``06_classification``, ``07_segmentation``.

    Returns
    -------
    scores : DataFrame with ``outcome``, ``method``, ``value``, ``low``, ``high``, ``n``, ``data_source``
    differences : DataFrame with ``group``, ``share`` (of the training patients), ``outcome``, ``comparison``,
        ``difference``, ``low``, ``high``, ``p``, ``p_holm`` (over all differences of the table), ``significant``,
        ``n``, ``data_source``
    """
    scores, differences = [], []
    retrieval = results["05_image_text_retrieval"] / "tables"
    for row in _rows(retrieval / "recall.csv", k=k):
        scores.append((f"{row.direction}, recall@{k}", row.method, row.recall, row.low, row.high, row.queries,
                       row.data_source))  # fmt: skip
    for row in _rows(retrieval / "difference.csv", k=k):
        differences.append((row.direction, 1.0, f"{row.direction}, recall@{k}", "SeLIP − CLIP", row.difference, row.low,
                            row.high, row.p, row.queries, row.data_source))  # fmt: skip
    for prefix, group in (("", "in-domain classification"), ("brats_", "cross-domain classification")):
        tables = results["06_classification"] / "tables"
        for row in _rows(tables / f"{prefix}scores.csv", label=MEAN):
            scores.append((_auc(row), row.method, row.auc, row.low, row.high, row.patients, row.data_source))
        for row in _rows(tables / f"{prefix}differences.csv"):
            differences.append((group, row.fraction, _auc(row), row.comparison, row.difference, row.low, row.high,
                                row.p, row.patients, row.data_source))  # fmt: skip
        tables = results["07_segmentation"] / "tables"
        for row in _rows(tables / f"{prefix}scores.csv"):
            scores.append((_dice(row), row.method, row.dice, row.low, row.high, row.test_cases, row.data_source))
        for row in _rows(tables / f"{prefix}differences.csv"):
            differences.append(("segmentation", row.fraction, _dice(row), row.comparison, row.difference, row.low,
                                row.high, row.p, row.patients, row.data_source))  # fmt: skip
    score_columns = ["outcome", "method", "value", "low", "high", "n", "data_source"]
    columns = ["group", "share", "outcome", "comparison", "difference", "low", "high", "p", "n", "data_source"]
    found = pd.DataFrame(differences, columns=columns)
    found.insert(8, "p_holm", holm(found["p"].astype(float)))
    found.insert(9, "significant", found["p_holm"] < ALPHA)
    return pd.DataFrame(scores, columns=score_columns), found


def _rows(path: Path, **wanted):
    """Yield the rows of a table, or none where the notebook had nothing to write; `wanted` selects by a column."""
    if not path.exists() or path.stat().st_size <= 1:
        return
    table = pd.read_csv(path)
    for column, value in wanted.items():
        table = table[table[column] == value]
    yield from table.itertuples()


def _share(fraction: float) -> str:
    return "no labels" if fraction == 0 else f"{100 * fraction:.3g} %"


def _auc(row) -> str:
    return f"{row.task}, {row.approach}, {_share(row.fraction)}, AUC"


def _dice(row) -> str:
    name = f"{row.task}, {row.region}" if row.task == "BraTS" else row.task
    return f"{name}, {_share(row.fraction)}, Dice"


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

    A claim holds for an outcome where the difference is positive and significant after Holm's correction.
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
        f"{row.outcome}: {row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f}), p {row.p_holm:.3g}"
        for row in known.itertuples()
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
    return f"{head}. {detail}."
