"""The part of a report that tells what is seen now: without history, technique, comparison, and what has gone."""

import re

_FINDINGS = (
    "检查所见", "影像所见", "影像学所见", "影像表现", "影像学表现", "MRI所见", "MR所见", "MRI表现", "所见",
    "FINDINGS", "FINDING", "OBSERVATIONS", "OBSERVATION", "RÉSULTATS", "RÉSULTAT", "CONSTATATIONS",
)  # fmt: skip
_OPINION = (
    "诊断意见", "影像诊断", "影像学诊断", "诊断印象", "诊断结论", "MRI诊断", "MR诊断", "印象", "结论", "诊断", "意见",
    "IMPRESSION", "CONCLUSION", "CONCLUSIONS", "OPINION", "DIAGNOSIS", "SUMMARY", "SYNTHÈSE",
    "IMP", "CCL", "EN CONCLUSION",
)  # fmt: skip
_OTHER = (
    "临床诊断", "临床病史", "临床资料", "临床表现", "病史", "现病史", "主诉", "检查目的", "申请目的", "检查方法",
    "检查技术", "检查项目", "检查部位", "扫描方法", "扫描技术", "扫描序列", "成像技术", "对比检查", "对比", "既往检查",
    "既往史", "建议", "CLINICAL HISTORY", "CLINICAL INFORMATION", "CLINICAL INDICATION", "CLINICAL DATA",
    "CLINICAL DETAILS", "HISTORY", "INDICATION", "INDICATIONS", "REASON FOR EXAM", "REASON FOR STUDY",
    "REASON FOR EXAMINATION", "COMPARISON", "COMPARISONS", "TECHNIQUE", "PROCEDURE", "PROTOCOL", "EXAM", "EXAMINATION",
    "RECOMMENDATION", "RECOMMENDATIONS", "CLINICAL", "CLINICAL INFO", "CLINICAL QUESTION", "REASON",
    "RENSEIGNEMENTS CLINIQUES", "RENSEIGNEMENT CLINIQUE", "CONTEXTE CLINIQUE",
    "CONTEXTE", "ANTÉCÉDENTS", "COMPARAISON", "EXAMENS ANTÉRIEURS", "EXAMEN ANTÉRIEUR", "MOTIF DE L'EXAMEN", "MOTIF",
    "TECHNIQUES", "PROTOCOLE", "RECOMMANDATIONS",
)  # fmt: skip
_ADDENDUM = ("ADDENDUM", "ADDENDA")
"""What is found later; without a findings heading the report before it is read too."""
_KINDS = {
    spelled: kind
    for kind, names in (("findings", _FINDINGS), ("opinion", _OPINION), ("other", _OTHER), ("addendum", _ADDENDUM))
    for name in names
    for spelled in (name, name.translate(str.maketrans("ÉÈ", "EE")))
}
_NAMES = "|".join(re.escape(name) for name in sorted(_KINDS, key=len, reverse=True))
_HEADING = re.compile(
    rf"(?:(?<=^)|(?<=[。；;.!?！？\s】\]]))[【\[]?({_NAMES})[】\]]?\s*[:：]|[【\[]({_NAMES})[】\]]",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(rf"\s*(?:{_NAMES})(?![A-Za-z])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。\n]|[.;]\s")
_OTHERS = r"\n，。；！？\u4e00-\u9fff"
_OF_IT, _OF_CLAUSE = rf"(?:[^.;{_OTHERS}]|\.(?=\d))", rf"(?:[^.,;{_OTHERS}]|[.,](?=\d))"
"""A character of the same sentence, of the same clause, none of them Chinese: such words stand in Chinese reports."""
_TURN = (
    r"\b(?:but|while|whereas|although|though|however|with|and\s+(?:an?|new|the|is|are|does|do|shows?)|there|now|today|"
    r"currently|residual|persist\w+|mais|avec|alors\s+que|tandis\s+que|et\s+il|ce\s+jour|actuellement|aujourd)\b"
)
"""What begins to tell of something else, or of another time, within a clause."""
_REST = rf"(?:(?!{_TURN}){_OF_CLAUSE})*"
_LIST = rf"(?:(?!{_TURN})(?:{_OF_CLAUSE}|,(?=(?:\s*[\w-]+){{1,2}}(?:,|\s+(?:and|et)\b))))*"
"""What follows in the clause; with the list that it belongs to, `the left frontal, parietal and temporal lesions`."""
_VERB = r"\b(?<!which )(?<!that )(?:is|are|was|were|shows?|demonstrates?|est|sont|montre|montrent)\b"
_BEGIN = rf"(?<![^.,;:{_OTHERS}])"
_FROM = rf"(?:,\s*|{_BEGIN}|\b(?:and|but|while|whereas|although|et|mais|alors\s+que)\b)"
_SUBJECT = rf"(?:{_FROM}(?:(?!{_VERB}){_OF_IT})*?|{_BEGIN}{_OF_CLAUSE}*\b(?:that|which|qui)\s)"
"""What stands before a verb back to where its sentence begins, or a clause behind one with a verb of its own."""
_IS_GONE = (
    r"(?:(?:has|have)\s+(?:(?:now|since|also|completely|entirely|fully)\s+)*"
    r"(?:resolved|disappeared|cleared|vanished|normali[sz]ed|been\s+(?:resected|removed))"
    r"|(?:is|are)\s+no\s+longer\s+(?:seen|visible|identified|present|evident)"
    r"|résoluti(?:f|ve)s?|(?:a|ont|ayant)\s+(?:\w+ment\s+)?disparue?s?|s['’]est\s+normalisée?"
    r"|(?:(?:has|have)\s+(?:now\s+)?|now\s+)gone(?:\s+away)?"
    r"|n(?:['’]|e\s+)(?:est|sont)\s+plus\s+(?:visib|vu|retrouv|identifi|individualis|présent|détect)\w*)\b"
)
_GONE = re.compile(
    r"(?:与[^，。；]{0,24}(?:比较|对比|相比)[，,])?"
    r"(?:原|既往|前次|上次|前片)[^，。；\n]{0,40}?(?:已|基本|完全)+(?:吸收|消失|消退)[^，。；\n]*"
    rf"|{_SUBJECT}\b{_IS_GONE}{_REST}"
    rf"|{_FROM}\s*(?:(?:interval|completely|now)\s+)?resolved\s{_LIST}|(?:there\s+(?:is|are)\s+no\s+longer|on\s+ne\s+\w+\s+plus)\b{_LIST}"
    r"|(?:(?!(?:with|and|but|in|of|the|is)\b)[\w-]+\s+){0,3}\b(?:resolution|disappearance|clearance)\s+of\b"
    rf"{_LIST}|\b(?:disparition|régression)\s+(?:(?:complète|totale)\s+)?d(?:['’]|es?\b|u\b){_LIST}"
    rf"|\b(?:rule\s+out|r/o)(?!\w){_OF_CLAUSE}*"
    rf"|{_BEGIN}{_OF_CLAUSE}*\b(?:(?<!not be )ruled\s+out|(?:is|are|was|were)\s+(?:excluded|unlikely(?!\s+to)))(?!\w)"
    rf"{_OF_CLAUSE}*",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\b(?:near(?:ly)?|partial(?:ly)?|incomplete(?:ly)?|almost|mostly|largely)[\s-]+(?:[\w-]+\s+){0,2}"
    r"(?:resol|disappear|clear|normali)",
    re.IGNORECASE,
)
_DIFFERENTIAL = re.compile(
    r"(?<![A-Za-z])(?:DDx?|Differential(?:\s+diagnos[ie]s)?|Diagnostics?\s+différentiels?)\s*[:：][^.;\n。；]*",
    re.IGNORECASE,
)
"""What may be there instead, up to its sentence's end; such a report is not called normal for that."""
_STUDY = (
    r"(?:(?:prior|previous|earlier|outside)\s+(?:[\w-]+\s+)?(?:mri?s?|exams?|examinations?|stud(?:y|ies)|scans?|imag\w+)"
    r"|(?:examens?|irm|imagerie|contrôle|bilan)\s+(?:précédente?|antérieure?)s?)\b"
)
_RELATIVE = r"(?:mother|father|sister|brother|sibling|twin|relative|mère|père|sœur|soeur|frère|apparenté)s?"
_ASKED = (
    r"(?:(?<=^)|(?<=[\s(,.]))\?\s?[\w/-]+(?:\s[\w/-]+){0,2}(?=\s*(?:[.,;\n]|$))"
    rf"|\b(?:screen(?:ing)?|evaluat(?:e|ion)|assess(?:ment)?|work-?up|look(?:ing)?|search(?:ing)?)\s+for\b{_OF_CLAUSE}*"
)
"""What a picture is made for, `Headache ?SOL.`, `to evaluate for mets`; of more than three words, an opinion."""
_MENTIONS = rf"(?:mentions|notes|states|describes)\b(?=(?:{_OF_IT}|;)*\b(?:none|not?)\b)"
"""The history has what is not seen today."""
_UNTIL_NOW = rf"(?:(?!\b(?:but|now|today|currently|mais|ce\s+jour|actuellement)\b){_OF_IT})*"
_PAST = re.compile(
    rf"\b(?:history\s+(?:of|{_MENTIONS})|(?:who|which)\s+had\s+been|h/o"
    rf"|antécédents?\s+d(?:e\b|['’])|{_RELATIVE}\s+(?:with|had|has|avec|ayant)){_REST}"
    rf"|{_ASKED}"
    rf"|{_FROM}\s*(?:(?:on|in|sur|the|an?|le)\s+|l['’]){{0,2}}{_STUDY}"
    rf"(?!(?:{_OF_IT}|;)*\b(?:unchanged|stable|persist\w*|inchangée?s?)\b)(?:(?!\b(?:but|mais|now)\b){_OF_IT})*?"
    rf"\b(?:showed|demonstrated|revealed|described|was|were|had|\w+ai(?:en)?t)\b{_UNTIL_NOW}"
    rf"|{_FROM}\s*previously,?\s+(?=(?:there|the|an?)\b){_UNTIL_NOW}|\b(?:was|were)\s+previously\b{_REST}"
    r"|\bpreviously\s+(?:(?:T[12]|FLAIR|DWI|\w+ly)[\s/-]+){0,2}"
    r"(?:\w*intense|\w*enhanc(?:ing|ed)|bright|dark|restrict\w+|dilated|enlarged|compressed|effaced)\b",
    re.IGNORECASE,
)

_TITLED = re.compile(r"\b(?:Drs?|Mrs?|Ms|Miss|Prof|Mme|Mlle)\b\.?\s+(?:[A-Z]\.\s*)?[A-Z][a-zà-ÿ'’-]+\b")
"""A person's name, which no lexicon knows."""


def begins_a_section(text: str) -> bool:
    """Return whether a text begins with what a section is called, a colon behind it or not."""
    return _NAME.match(text) is not None


def findings_part(text: str) -> str:
    """Return what a report says of this examination, where its sections have headings; without any, all of it.

    History, technique, comparison and recommendation are left out; so is the opinion where there are findings. A
    clause by which a lesion has gone (原右侧丘脑病灶已吸收) is left out of all, and what an earlier study showed.

    Examples
    --------
    >>> findings_part("HISTORY: glioma. FINDINGS: T2 hyperintensity in the pons. IMPRESSION: unclear.")
    'T2 hyperintensity in the pons. '
    """
    kinds = ("findings",) if _chosen(text, ("findings",)) else ("", "opinion")
    return _DIFFERENTIAL.sub("", _of_now(_chosen(text, (*kinds, "addendum"))))


def present_part(text: str) -> str:
    """Return findings and opinion of a report, and what stands before any heading: what tells that it is normal."""
    return _of_now(_chosen(text, ("", "findings", "opinion", "addendum")))


def _of_now(text: str) -> str:
    """Return a text without what was there before and without what has gone; what has gone in part is still there."""
    text = _TITLED.sub("", _PAST.sub("", text))
    return _GONE.sub(lambda gone: gone[0] if _PARTLY.search(gone[0]) else "", text)


def _within_a_sentence(text: str, heading: re.Match) -> bool:
    """Return whether a heading in small letters is a word of a sentence, `since the last examination: one lesion`."""
    before = text[: heading.start()].rstrip(" \t")
    return text[heading.start()].islower() and before[-1:] not in ("", *".;!?。；！？\n】]")


def _chosen(text: str, kinds: tuple[str, ...]) -> str:
    """Return the sections of some kinds, "" for what has no heading, joined as they stand.

    Where no heading says that findings begin, what is left out ends with its sentence: the findings may follow.
    """
    found = [m for m in _HEADING.finditer(text) if not _within_a_sentence(text, m)]
    headings = [(m.start(), m.end(), _KINDS[(m[1] or m[2]).upper()]) for m in found]
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
