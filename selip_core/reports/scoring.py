"""How well reports were read, where a cohort knows what they were written from."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core.metrics.resampling import FEWEST_PATIENTS, bootstrap_draws
from selip_core.reports.parser import parse_report
from selip_core.reports.sentences import without_side
from selip_core.sequences import SEQUENCES

ERRORS = ("wrong side", "wrong site", "wrong appearance", "wrong sequence", "missed", "spurious")
_Statement = tuple[str, str, str]
"""Sequence, site, appearance."""


def error_kinds(truth: set[_Statement], read: set[_Statement]) -> Counter:
    """Return what went wrong in one report: each missed statement is matched to the spurious one that explains it best.

    Examples
    --------
    >>> error_kinds({("T1", "左侧额叶", "长信号")}, {("T1", "右侧额叶", "长信号")})
    Counter({'wrong side': 1})
    """
    missed, spurious, kinds = sorted(truth - read), sorted(read - truth), Counter()
    explanations = {
        "wrong side": lambda a, b: a[0] == b[0] and a[2] == b[2] and without_side(a[1]) == without_side(b[1]),
        "wrong appearance": lambda a, b: a[:2] == b[:2],
        "wrong sequence": lambda a, b: a[1:] == b[1:],
        "wrong site": lambda a, b: a[0] == b[0] and a[2] == b[2],
    }
    for kind, explains in explanations.items():
        for statement in list(missed):
            match = next((other for other in spurious if explains(statement, other)), None)
            if match is not None:
                missed.remove(statement)
                spurious.remove(match)
                kinds[kind] += 1
    kinds["missed"] += len(missed)
    kinds["spurious"] += len(spurious)
    return +kinds


def score_reports(
    cohort_dir: Path, reports: pd.DataFrame, series: pd.DataFrame, *, samples: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (scores, errors) of reading a cohort's reports, if it has ``truth/findings.csv``; else two empty tables.

    A statement counts when sequence, site with side, and appearance are all right. Only sequences that were acquired
    count. Styles that the parser's author had not seen are scored apart.

    Returns
    -------
    scores : DataFrame with ``styles``, ``sequence`` (and ``all``), ``precision``, ``recall``, ``f1``, ``low``, ``high``
        (95 % interval of F1 over patients), ``n`` statements.
    errors : DataFrame with ``styles`` and the number of errors of each kind
    """
    path = Path(cohort_dir) / "truth" / "findings.csv"
    if not path.exists():
        return pd.DataFrame(), pd.DataFrame()
    truth = pd.read_csv(path, dtype=str, keep_default_na=False)
    stated = {
        p: set(zip(t["sequence"], t["site"], t["appearance"], strict=True)) for p, t in truth.groupby("patient_id")
    }
    styles = pd.read_csv(path.with_name("reports.csv"), dtype=str, keep_default_na=False)
    styles = styles.set_index("patient_id")["held_out_style"]
    acquired = series.groupby("patient_id")["sequence"].agg(set)
    rows, kinds = [], {}
    for report in reports.itertuples():
        patient = report.patient_id
        if patient not in acquired.index or patient not in styles.index:
            continue
        group = "styles unseen by the parser's author" if styles[patient] == "1" else "styles seen"
        there = acquired[patient]
        read = {(s, f.site, f.appearance) for s, fs in parse_report(report.findings).items() if s in there for f in fs}
        true = {statement for statement in stated.get(patient, set()) if statement[0] in there}
        kinds.setdefault(group, Counter()).update(error_kinds(true, read))
        for sequence in sorted(there):
            a, b = ({x for x in statements if x[0] == sequence} for statements in (true, read))
            rows.append((group, patient, sequence, len(a & b), len(b - a), len(a - b)))
    counts = pd.DataFrame(rows, columns=["styles", "patient_id", "sequence", "right", "spurious", "missed"])
    scores = [
        {"styles": group, "sequence": sequence, **_f1(part, samples, seed)}
        for group, of_group in counts.groupby("styles")
        for sequence in (*SEQUENCES, "all")
        if len(part := of_group if sequence == "all" else of_group[of_group["sequence"] == sequence])
    ]
    errors = pd.DataFrame(
        [{"styles": group, **{k: found[k] for k in ERRORS}} for group, found in sorted(kinds.items())]
    )
    return pd.DataFrame(scores), errors


def _f1(part: pd.DataFrame, samples: int, seed: int) -> dict:
    """Return precision, recall, F1 and its interval from resampling patients."""
    patients = part.groupby("patient_id")[["right", "spurious", "missed"]].sum().to_numpy(float)

    def f1(counts: np.ndarray) -> np.ndarray:
        right, spurious, missed = counts.T
        return 2 * right / np.maximum(2 * right + spurious + missed, 1)

    right, spurious, missed = total = patients.sum(0)
    low = high = np.nan
    if len(patients) >= FEWEST_PATIENTS:
        drawn = [f1(draws @ patients) for draws in bootstrap_draws(len(patients), samples, seed)]
        low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return {
        "precision": right / max(right + spurious, 1), "recall": right / max(right + missed, 1),
        "f1": float(f1(total[None])[0]), "low": float(low), "high": float(high), "n": int(right + missed),
    }  # fmt: skip
