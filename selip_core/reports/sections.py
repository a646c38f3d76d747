"""The part of a report that tells what is seen now: without history, technique, comparison, and what has gone."""

import re

_FINDINGS = (
    "检查所见", "影像所见", "影像学所见", "影像表现", "影像学表现", "MRI所见", "MR所见", "MRI表现", "所见",
    "FINDINGS", "FINDING",
)  # fmt: skip
_OPINION = (
    "诊断意见", "影像诊断", "影像学诊断", "诊断印象", "诊断结论", "MRI诊断", "MR诊断", "印象", "结论", "诊断", "意见",
    "IMPRESSION", "CONCLUSION", "CONCLUSIONS", "OPINION", "DIAGNOSIS", "SUMMARY",
)  # fmt: skip
_OTHER = (
    "临床诊断", "临床病史", "临床资料", "临床表现", "病史", "现病史", "主诉", "检查目的", "申请目的", "检查方法",
    "检查技术", "检查项目", "检查部位", "扫描方法", "扫描技术", "扫描序列", "成像技术", "对比检查", "对比", "既往检查",
    "既往史", "建议", "CLINICAL HISTORY", "CLINICAL INFORMATION", "CLINICAL INDICATION", "CLINICAL DATA",
    "CLINICAL DETAILS", "HISTORY", "INDICATION", "INDICATIONS", "REASON FOR EXAM", "REASON FOR STUDY",
    "REASON FOR EXAMINATION", "COMPARISON", "COMPARISONS", "TECHNIQUE", "PROCEDURE", "PROTOCOL", "EXAM", "EXAMINATION",
    "RECOMMENDATION", "RECOMMENDATIONS",
)  # fmt: skip
_KINDS = {name: kind for kind, names in (("findings", _FINDINGS), ("opinion", _OPINION), ("other", _OTHER))
          for name in names}  # fmt: skip
_NAMES = "|".join(re.escape(name) for name in sorted(_KINDS, key=len, reverse=True))
_HEADING = re.compile(
    rf"(?:(?<=^)|(?<=[。；;.!?！？\s】\]]))[【\[]?({_NAMES})[】\]]?\s*[:：]|[【\[]({_NAMES})[】\]]",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(rf"\s*(?:{_NAMES})(?![A-Za-z])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。\n]|[.;]\s")
_OF_IT, _OF_CLAUSE = r"[^.;\n，。；！？\u4e00-\u9fff]", r"[^.,;\n，。；！？\u4e00-\u9fff]"
"""A character of the same sentence, of the same clause, none of them Chinese: such words stand in Chinese reports."""
_GONE = re.compile(
    r"(?:与[^，。；]{0,24}(?:比较|对比|相比)[，,])?"
    r"(?:原|既往|前次|上次|前片)[^，。；\n]{0,40}?(?:已|基本|完全)+(?:吸收|消失|消退)[^，。；\n]*"
    rf"|{_OF_IT}*\b(?:has|have)\s+(?:now\s+|completely\s+|entirely\s+)?(?:resolved|disappeared|cleared)\b{_OF_IT}*"
    rf"|{_OF_IT}*\b(?:is|are)\s+no\s+longer\s+(?:seen|visible|identified|present)\b{_OF_IT}*"
    rf"|{_OF_IT}*\b(?<!incomplete )(?<!partial )(?:resolution|disappearance|clearance)\s+of\b{_OF_IT}*"
    rf"|\b(?:rule\s+out|r/o)(?!\w){_OF_CLAUSE}*"
    rf"|{_OF_CLAUSE}*\b(?:ruled\s+out|(?:is|are|was|were)\s+(?:excluded|unlikely(?!\s+to)))(?!\w){_OF_CLAUSE}*"
    rf"|{_OF_IT}*\b(?:résoluti(?:f|ve)s?|disparition\s+d|(?:a|ont|ayant)\s+(?:\w+ment\s+)?disparu){_OF_IT}*",
    re.IGNORECASE,
)


def begins_a_section(text: str) -> bool:
    """Return whether a text begins with what a section is called, a colon behind it or not."""
    return _NAME.match(text) is not None


def findings_part(text: str) -> str:
    """Return what a report says of this examination, where its sections have headings; without any, all of it.

    History, technique, comparison and recommendation are left out; so is the opinion where there are findings. A
    sentence by which a lesion has gone (原右侧丘脑病灶已吸收) is left out of all.

    Examples
    --------
    >>> findings_part("HISTORY: glioma. FINDINGS: T2 hyperintensity in the pons. IMPRESSION: unclear.")
    'T2 hyperintensity in the pons. '
    """
    return _GONE.sub("", _chosen(text, ("findings",)) or _chosen(text, ("", "opinion")))


def present_part(text: str) -> str:
    """Return findings and opinion of a report, and what stands before any heading: what tells that it is normal."""
    return _GONE.sub("", _chosen(text, ("", "findings", "opinion")))


def _chosen(text: str, kinds: tuple[str, ...]) -> str:
    """Return the sections of some kinds, "" for what has no heading, joined as they stand.

    Where no heading says that findings begin, what is left out ends with its sentence: the findings may follow.
    """
    headings = [(m.start(), m.end(), _KINDS[(m[1] or m[2]).upper()]) for m in _HEADING.finditer(text)]
    open_end = not any(kind == "findings" for _, _, kind in headings)
    parts, kind, start = [], "", 0
    for begin, end, next_kind in [*headings, (len(text), len(text), "")]:
        part = text[start:begin]
        if kind == "other" and open_end and (stop := _SENTENCE_END.search(part)):
            parts.append(("", part[stop.end() :]))
            part = part[: stop.end()]
        parts.append((kind, part))
        kind, start = next_kind, end
    return "".join(part.lstrip() for of_kind, part in parts if of_kind in kinds)
