"""Choosing reports to show the similarity on."""

from collections.abc import Iterable

import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding, parse_sentence
from selip_core.similarity.scores import similarity_matrix


def count_sentences(sentences: pd.DataFrame, patients: Iterable[str]) -> pd.Series:
    """Return how many series of some patients each distinct sentence describes, the most frequent first.

    Raises
    ------
    SelipError
        If there are not two distinct sentences to compare.
    """
    counts = sentences.loc[sentences["patient_id"].isin(list(patients)), "sentence"].value_counts()
    if len(counts) < 2:
        raise SelipError(
            f"the training patients have {len(counts)} distinct sentence(s), and a comparison needs two: add patients, "
            "or look at 02_report_findings for what the reports were read as"
        )
    return counts


def example_reports(texts: list[str], limit: int = 200) -> tuple[list[Finding], list[Finding]]:
    """Return two reports that are alike in part: the pair whose similarity is closest to a quarter.

    Parameters
    ----------
    texts : list of str
        Distinct canonical sentences. Those with two or three findings are preferred, then others with findings; the
        first `limit` are looked at. A single one is paired with itself.

    Raises
    ------
    SelipError
        If none has findings.
    """
    numbers = [len(parse_sentence(text)) for text in texts]
    preferred = [text for text, n in zip(texts, numbers, strict=True) if n in (2, 3)]
    texts = (preferred or [text for text, n in zip(texts, numbers, strict=True) if n])[:limit]
    if not texts:
        raise SelipError("no training report was read as having findings: look at 02_report_findings for what was read")
    similarity = similarity_matrix(texts)
    similarity.fill_diagonal_(float("inf"))
    row, column = divmod(int((similarity - 0.25).abs().argmin()), len(texts))
    return parse_sentence(texts[row]), parse_sentence(texts[column])


def reports_with_findings(texts: list[str], limit: int = 200) -> list[str]:
    """Return the first of the texts that have two findings or more; where a cohort has none, of those with one."""
    numbers = [len(parse_sentence(text)) for text in texts]
    least = 2 if max(numbers, default=0) >= 2 else 1  # a report without findings is like none, not even itself
    return [text for text, n in zip(texts, numbers, strict=True) if n >= least][:limit]
