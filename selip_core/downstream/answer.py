"""The answer in short: do the models read the image, do the soft targets help, and one compact table by method."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from selip_core.metrics.resampling import holm
from selip_core.metrics.yardsticks import BY_STUDY, CONSTANT, FINDINGS_RECALL, SIDE, SITE_F1
from selip_core.pretraining.methods import COMPARED, SHOWN_AS, SOFT_PAIRS

METHODS = (CONSTANT, *COMPARED)
"""The columns of the compact table."""

DECIDING = (FINDINGS_RECALL, SITE_F1)
"""The outcomes that decide whether soft targets help: is the true sentence found, and do the first five say where."""

PAPER = ("CLIP", "SeLIP")
"""The comparison that the paper's claim is about; it comes first of `SOFT_PAIRS`."""

COLUMNS = ["outcome", "method", "value", "low", "high", "n", "data_source"]


@dataclass(frozen=True)
class Row:
    """A row of the compact table.

    Parameters
    ----------
    pattern : str
        A regular expression for the whole name of an outcome, as `selip_core.downstream.summary.collect` names it.
    shown : str
        What the row is called; ``\\1`` is the first group of the pattern.
    constant : float, optional
        What a constant answer scores by construction: 0.5 for an AUC.
    """

    pattern: str
    shown: str
    constant: float | None = None


ROWS = (
    Row(re.escape(FINDINGS_RECALL), FINDINGS_RECALL),
    Row("percentile in its sequence", "percentile in its sequence"),
    Row("normal or findings, AUC", "normal or findings, AUC", 0.5),
    Row(re.escape(SITE_F1), SITE_F1),
    Row(re.escape(SIDE), SIDE),
    Row(f"{BY_STUDY}, {re.escape(FINDINGS_RECALL)}", f"{BY_STUDY}, {FINDINGS_RECALL}"),
    Row(r"(?!abnormal or normal)(.+), linear probe, 100 %, AUC", r"\1, linear probe, AUC", 0.5),
    Row(r"(kind of finding), fine-tuning, 100 %, AUC", r"\1, fine-tuning, AUC", 0.5),
    Row(r"(HGG against LGG), fine-tuning, 100 %, AUC", r"\1, fine-tuning, AUC", 0.5),
    Row(r"(?!BraTS)(.+), 100 %, Dice", r"\1, Dice"),
    Row(r"BraTS, whole, 100 %, Dice", "BraTS, whole tumour, Dice"),
)
"""The rows, in their order. One pattern may name several outcomes, of a cohort with labels or masks of its own."""


def answer_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes of `ROWS` by method, one row each: `COLUMNS`, in the order of `ROWS` and `METHODS`.

    Parameters
    ----------
    scores : DataFrame from `selip_core.downstream.summary.collect`
    """
    found = []
    for row in ROWS:
        for outcome in scores["outcome"].unique():
            match = re.fullmatch(row.pattern, outcome)
            if not match:
                continue
            part = scores[scores["outcome"] == outcome].drop_duplicates("method").set_index("method")
            name, nan = match.expand(row.shown), float("nan")
            if row.constant is not None and CONSTANT not in part.index:
                about = part.iloc[0]
                part.loc[CONSTANT, ["value", "low", "high", "n", "data_source"]] = [
                    row.constant, nan, nan, about["n"], about["data_source"],
                ]  # fmt: skip
            for method in METHODS:
                if method in part.index:
                    found.append((name, method, *part.loc[method, ["value", "low", "high", "n", "data_source"]]))
    return pd.DataFrame(found, columns=COLUMNS)


def compact(answer: pd.DataFrame) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the compact table: for each outcome its name and, for each of `METHODS`, value and interval as text.

    The interval is empty where there is none, both are where a method was not measured.

    Parameters
    ----------
    answer : DataFrame from `answer_table`, or what was saved of it
    """
    rows = []
    for outcome, part in answer.groupby("outcome", sort=False):
        by_method = {row.method: row for row in part.itertuples()}
        rows.append((outcome, [_cell(by_method.get(method)) for method in METHODS]))
    return rows


def for_figure(answer: pd.DataFrame, *, most: int = 4) -> pd.DataFrame:
    """Return the rows of the first outcomes that have a known value, `most` of them: those that the figure shows."""
    known = answer[answer["value"].notna()]
    return known[known["outcome"].isin(known["outcome"].unique()[:most])]


def heads() -> list[str]:
    """Return the names of the columns of `compact`, the first for the outcome."""
    return ["outcome", *(SHOWN_AS.get(method, method) for method in METHODS)]


def _cell(row) -> tuple[str, str]:
    if row is None:
        return "", ""
    if np.isnan(row.value):
        return "too few", ""
    return f"{row.value:.3f}", "" if np.isnan(row.low) else f"{row.low:.3f} to {row.high:.3f}"


def said_of_data(answer: pd.DataFrame) -> str:
    """Return one line that says which data the rows of the compact table come from."""
    outcomes = answer.drop_duplicates("outcome").groupby("data_source", sort=False)["outcome"].agg(list)
    if len(outcomes) < 2:
        return f"Data: {''.join(outcomes.index)}."
    most = outcomes.map(len).idxmax()
    others = [f"{_listed([f'“{name}”' for name in names])}: {source}" for source, names in outcomes.drop(most).items()]
    return f"Data: {most}; of {'; of '.join(others)}."


def sentences(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Return the answer: whether the models read the image, whether soft targets help, and on which data.

    The first sentence says that the paper's claim is refuted, where the numbers refute it. What is significant, and by
    which p, stands in the table of differences: what is said here is what it and its figure show.

    Parameters
    ----------
    scores, differences : DataFrames from `selip_core.downstream.summary.collect`
    """
    planned = differences[is_planned(differences)]
    compared = [_compared(planned, *pair) for pair in SOFT_PAIRS]
    refuted = _is_refuted(planned)
    if planned.empty:
        missing = _listed([*DECIDING])
        return [_reads(scores), f"Whether soft targets help was not measured here: {missing} are not there."]
    known = int(planned["p_planned"].notna().sum())
    number = f"these {known} planned comparisons" if known > 1 else "the one planned comparison that was tested"
    corrected = f" p after Holm's correction over {number}." if known else ""
    rest = f"The other soft targets: {'; '.join(compared[1:])}.{corrected}"
    if refuted:
        source = planned["data_source"].iloc[0]
        return [f"The numbers on the {source} refute the paper's claim: {compared[0]}.", _reads(scores), rest]
    return [_reads(scores), f"Do the paper's soft targets help? {_capital(compared[0])}.", rest]


def is_planned(differences: pd.DataFrame) -> pd.Series:
    """Return which differences are planned comparisons: of soft targets, in the outcomes that decide.

    # Choice: they are few and named before anything is measured, and are corrected among themselves. Of all other
    # differences, most of which answer other questions, each is corrected over the whole table.
    """
    return differences["outcome"].isin(DECIDING) & differences["comparison"].isin(map(_name, SOFT_PAIRS))


def planned_p(differences: pd.DataFrame) -> pd.Series:
    """Return p-values after Holm's correction over the planned comparisons alone; NaN for all others.

    Parameters
    ----------
    differences : DataFrame with ``outcome``, ``comparison``, ``p``
    """
    return holm(differences["p"].astype(float).where(is_planned(differences)))


def _name(pair: tuple[str, str]) -> str:
    return f"{pair[1]} − {pair[0]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _state(differences: pd.DataFrame, pair: tuple[str, str], outcome: str) -> tuple[str, object]:
    """Return what a comparison says of an outcome, in a word, and its row: better, worse, undecided, few or missing."""
    rows = differences[(differences["comparison"] == _name(pair)) & (differences["outcome"] == outcome)]
    if rows.empty:
        return "missing", None
    row = next(rows.itertuples())
    if np.isnan(row.difference) or np.isnan(row.low):
        return "few", row
    if row.significant and row.difference:
        return ("better" if row.difference > 0 else "worse"), row
    return "undecided", row


def _is_refuted(differences: pd.DataFrame) -> bool:
    """Return whether SeLIP is worse than CLIP in a deciding outcome and better in none."""
    states = {_state(differences, PAPER, outcome)[0] for outcome in DECIDING}
    return "worse" in states and "better" not in states


_SAYS = {
    "better": "{second} is better than {first} in {outcomes}",
    "worse": "{second} is worse than {first} in {outcomes}",
    "undecided": "{second} cannot be told from {first} in {outcomes}",
    "few": "there are too few patients to tell {second} from {first} in {outcomes}",
    "missing": "{second} was not compared with {first} in {outcomes}",
}
"""What is said of a comparison in the outcomes of each state, in this order."""


def _compared(differences: pd.DataFrame, first: str, second: str) -> str:
    states = [(outcome, *_state(differences, (first, second), outcome)) for outcome in DECIDING]
    clauses = []
    for state, words in _SAYS.items():
        of = [_with_numbers(outcome, row, state) for outcome, its_state, row in states if its_state == state]
        if of:
            clauses.append(words.format(first=first, second=second, outcomes=" and ".join(of)))
    return ", and ".join(clauses)


def _with_numbers(outcome: str, row, state: str) -> str:
    if state in ("few", "missing"):
        return outcome
    p = "p < 0.001" if row.p_planned < 0.001 else f"p {row.p_planned:.2g}"
    return f"{outcome} ({row.difference:+.3f}, {row.low:+.3f} to {row.high:+.3f}, {p})"


_READS = {
    "clear": "{methods} read{s} the image",
    "below": "{methods} do{es} worse than an answer that never looks",
    "unclear": "it is not shown that {methods} read{s} the image",
    "few": "there are too few patients to say whether {methods} read{s} the image",
}
"""What is said of the methods whose interval lies above that of the constant answer, below it, or on it."""


def _reads(scores: pd.DataFrame) -> str:
    """Return the sentence on findings recall@10 of the trained models against the constant answer."""
    part = scores[scores["outcome"] == FINDINGS_RECALL].drop_duplicates("method").set_index("method")
    trained = [method for method in COMPARED if method != "scratch" and method in part.index]
    if CONSTANT not in part.index or not trained:
        missing = f"{FINDINGS_RECALL} and its {CONSTANT} are not there"
        return f"Whether the models read the image was not measured here: {missing}."
    constant = part.loc[CONSTANT]
    states = {method: _against(part.loc[method], constant) for method in trained}
    clauses = []
    for state, words in _READS.items():
        of = [method for method in trained if states[method] == state]
        many = len(of) > 1
        if of:
            clauses.append(words.format(methods=_listed(of), s="" if many else "s", es="" if many else "es"))
    numbers = ", ".join(f"{method} {_value(part.loc[method])}" for method in [*trained, CONSTANT])
    head = f"On the {constant['data_source']}, {'; '.join(clauses)}"
    return f"{head}. {_capital(FINDINGS_RECALL)} over {int(constant['n'])} queries: {numbers}."


def _against(model: pd.Series, constant: pd.Series) -> str:
    """Return clear, below or unclear: whether two intervals of 95 % lie apart; few where there is none."""
    if np.isnan([model["low"], model["high"], constant["low"], constant["high"]]).any():
        return "few"
    if model["low"] > constant["high"]:
        return "clear"
    return "below" if model["high"] < constant["low"] else "unclear"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _value(row: pd.Series) -> str:
    if np.isnan(row["value"]):
        return "too few to say"
    interval = "" if np.isnan(row["low"]) else f" ({row['low']:.3f} to {row['high']:.3f})"
    return f"{row['value']:.3f}{interval}"
