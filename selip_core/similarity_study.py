"""Choosing reports to show the similarity on."""

from selip_core.errors import SelipError
from selip_core.sentences import Finding, parse_sentence
from selip_core.similarity import similarity_matrix


def example_reports(texts: list[str], limit: int = 200) -> tuple[list[Finding], list[Finding]]:
    """Return two reports that are alike in part: the pair whose similarity is closest to a quarter.

    Parameters
    ----------
    texts : list of str
        Distinct canonical sentences with findings; the first `limit` are looked at. A single one is paired with itself.

    Raises
    ------
    SelipError
        If there is none.
    """
    if not texts:
        raise SelipError("no training report was read as having findings: look at 02_report_findings for what was read")
    texts = texts[:limit]
    similarity = similarity_matrix(texts)
    similarity.fill_diagonal_(float("inf"))
    row, column = divmod(int((similarity - 0.25).abs().argmin()), len(texts))
    return parse_sentence(texts[row]), parse_sentence(texts[column])
