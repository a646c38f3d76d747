"""Does a similarity of reports see what a human coder sees? Each against the codes, over all pairs of a sample."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer

from selip_core._utils.incidence import incidence
from selip_core.datasets.coded_reports import CodedReports
from selip_core.metrics.resampling import bootstrap_draws
from selip_core.similarity.findings import pieces
from selip_core.similarity.scores import similarity_matrix

OF_TEXTS, OF_CODES = "text", "codes"
_SAMPLES = 200
"""Choice: bootstrap samples of an interval; each weighs all pairs anew."""


def dice(sets: list) -> np.ndarray:
    """Return the Dice coefficient of every two sets, (n, n)."""
    has = incidence(sets)
    size = has.sum(1)
    return (2 * (has @ has.T) / (size[:, None] + size[None, :]).clamp_min(1)).numpy()


def jaccard(sets: list) -> np.ndarray:
    """Return the Jaccard index of every two sets, (n, n)."""
    has = incidence(sets)
    shared, size = has @ has.T, has.sum(1)
    return (shared / (size[:, None] + size[None, :] - shared).clamp_min(1)).numpy()


def _bigrams(units: list[str]) -> set[tuple]:
    return {tuple(units[i : i + 2]) for i in range(max(len(units) - 1, 1))}


def text_measures(reports: CodedReports) -> dict[str, Callable[[], np.ndarray]]:
    """Return what makes the (n, n) similarity of the texts, by name: those of wording, and TF-IDF as a baseline."""
    words = reports.words
    tfidf = TfidfVectorizer(analyzer=lambda report: report, sublinear_tf=True)

    def cosine() -> np.ndarray:
        rows = tfidf.fit_transform(words)
        return (rows @ rows.T).toarray()

    if not reports.texts:
        return {
            "Dice of tokens": lambda: dice([set(report) for report in words]),
            "Dice of token bigrams": lambda: dice([_bigrams(report) for report in words]),
            "TF-IDF cosine": cosine,
        }
    return {
        "Dice of characters": lambda: dice([pieces(text, "characters") for text in reports.texts]),
        "Dice of character bigrams": lambda: dice([pieces(text, "bigrams") for text in reports.texts]),
        "Dice of words": lambda: dice([set(report) for report in words]),
        "Dice of word bigrams": lambda: dice([_bigrams(report) for report in words]),
        "TF-IDF cosine": cosine,
    }


def code_measures(reports: CodedReports) -> dict[str, Callable[[], np.ndarray]]:
    """Return what makes the (n, n) similarity of findings that are the codes themselves, by name.

    They share their source with what they are held against: they say which rule keeps the order of the codes, not
    whether a text is understood.
    """
    if not reports.findings:
        return {}
    sharp = {"matching": "best", "weights": (0.9, 0.1), "power": 2.0}
    options = {
        "syntax by characters, mean": {"kind": "syntax", "syntax_unit": "characters"},
        "syntax by words, mean": {"kind": "syntax"},
        "semantic, mean": {"kind": "semantic"},
        "semantic, best": {"kind": "semantic", "matching": "best"},
        "mixed, mean (the paper's)": {},
        "mixed, best": {"matching": "best"},
        "mixed, best, site weight 0.9, power 2": sharp,
        "mixed, best, information content": {"matching": "best", "information": True},
    }
    return {name: lambda o=o: similarity_matrix(reports.findings, **o).numpy() for name, o in options.items()}


def agreement_table(reports: CodedReports, *, seed: int, samples: int = _SAMPLES) -> pd.DataFrame:
    """Return how well each measure tells pairs that share a code from others, and how it follows the graded measure.

    Returns
    -------
    DataFrame with ``reports``, ``of`` (text or codes), ``measure``, ``auc`` (pairs that share head and site against
    others) and ``rank_correlation`` (with the Jaccard index of all terms), each with ``_low`` and ``_high``: 95 % over
    reports, a report drawn with all its pairs; ``n`` reports, ``pairs``, ``sharing``
    """
    n = len(reports)
    above = np.triu_indices(n, k=1)
    has = incidence(reports.keys)
    sharing = (has @ has.T).numpy()[above] > 0
    graded = rankdata(jaccard(reports.terms)[above])
    draws = np.concatenate([np.ones((1, n)), *bootstrap_draws(n, samples, seed)])
    rows = []
    for of, name, matrix in _all_measures(reports):
        values = matrix[above]
        auc = np.array([*_weighted_aucs(values, sharing, draws, above)])
        correlation = np.array([*_weighted_correlations(rankdata(values), graded, draws, above)])
        row = {"reports": reports.name, "of": of, "measure": name}
        for key, found in (("auc", auc), ("rank_correlation", correlation)):
            low, high = np.nanquantile(found[1:], [0.025, 0.975])
            row |= {key: found[0], f"{key}_low": low, f"{key}_high": high}
        rows.append({**row, "n": n, "pairs": len(values), "sharing": int(sharing.sum())})
    return pd.DataFrame(rows)


def _all_measures(reports: CodedReports) -> Iterator[tuple[str, str, np.ndarray]]:
    for of, measures in ((OF_TEXTS, text_measures(reports)), (OF_CODES, code_measures(reports))):
        for name, make in measures.items():
            yield of, name, make()


def _weighted_aucs(values: np.ndarray, sharing: np.ndarray, draws: np.ndarray, above: tuple) -> Iterator[float]:
    """Yield the AUC of each draw of the reports, ties counting half: a pair counts as often as both were drawn."""
    distinct, place = np.unique(values, return_inverse=True)
    for counts in draws:
        weight = counts[above[0]] * counts[above[1]]
        positive, negative = (
            np.bincount(place, weights=weight * side, minlength=len(distinct)) for side in (sharing, ~sharing)
        )
        below = np.cumsum(negative) - negative
        total = positive.sum() * negative.sum()
        yield float((positive * (below + negative / 2)).sum() / total) if total else float("nan")


def _weighted_correlations(ranks: np.ndarray, others: np.ndarray, draws: np.ndarray, above: tuple) -> Iterator[float]:
    """Yield the correlation of the ranks in each draw. They are the ranks among all pairs: a draw only weighs them."""
    for counts in draws:
        weight = counts[above[0]] * counts[above[1]]
        weight = weight / weight.sum()
        a, b = ranks - weight @ ranks, others - weight @ others
        scale = np.sqrt((weight @ a**2) * (weight @ b**2))
        yield float(weight @ (a * b) / scale) if scale else float("nan")
