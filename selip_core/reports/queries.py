"""A query in free words as the canonical sentences that a model has learnt."""

from selip_core.errors import SelipError
from selip_core.reports.parser import describe_series, parse_report
from selip_core.reports.sentences import NORMAL_STATEMENT, SEQUENCES, canonical_sentence, parse_sentence


def query_sentences(text: str) -> dict[str, str]:
    """Return the canonical sentence that a text means, for each sequence it speaks of.

    The model has learnt canonical sentences (``在左侧额叶表现为长信号``): such a one is taken as it is, under ``""``
    for any sequence; free text is read by the report parser, and a finding that names no sequence holds for any; what
    it cannot read is taken word for word.

    Raises
    ------
    SelipError
        If the text is empty.

    Examples
    --------
    >>> query_sentences("左侧额叶见片状长T2信号")
    {'T2': '在左侧额叶表现为片状长信号'}
    >>> query_sentences("左侧额叶片状高信号")
    {'': '在左侧额叶表现为片状高信号'}
    """
    text = text.strip()
    if not text:
        raise SelipError("the query is empty: type a finding, such as 左侧基底节区片状高信号")
    try:
        parse_sentence(text)
        return {"": text}
    except ValueError:
        pass
    found = describe_series(text, SEQUENCES)
    if not found:
        return {"": _of_any_sequence(text) or text}
    return {"": NORMAL_STATEMENT} if set(found.values()) == {NORMAL_STATEMENT} else found


def _of_any_sequence(text: str) -> str:
    """Return the sentence of a finding that names no sequence, read as if it were said of one; empty without one."""
    sequence = "FLAIR"
    for said in (f"{sequence}示{text}", text):  # Chinese names it before the finding, English may leave it out
        findings = parse_report(said, default_sequence=sequence).get(sequence)
        if findings:
            return canonical_sentence(findings)
    return ""
