"""The names in Latin letters that a text itself tells to be names: behind a title, under a report, before a degree."""

import re

from selip_core.datasets.sequences import sequence_of_text
from selip_core.ingest.person_words import BLANK, common_words
from selip_core.reports.sections import begins_a_section

_ONE_LINE_ON = r"(?:[^\S\n]+|[^\S\n]*\n[^\S\n]*)"
_PARTICLES = (
    "de la", "de los", "de las", "de", "del", "della", "di", "da", "dos", "das", "do", "van der", "van den", "van de",
    "van", "von der", "von", "zu", "ter", "ten", "bin", "ibn", "al", "el", "le", "la", "du",
)  # fmt: skip
"""Words in small letters that stand within names: de la Cruz."""
_WITH_PARTICLE = rf"(?:(?:{'|'.join(_PARTICLES)})[^\S\n]+)?"
FULL = r"[A-Z][A-Za-z'’-]{1,30}"
_PART = rf"(?:{FULL}|[A-Z]\.[A-Z]\.|[A-Z](?:\.|(?![A-Za-z0-9'’-])))"
"""A name or its first letter, ``Smith``, ``K.``, ``K``."""
NAME = (
    rf"(?=(?:[A-Z]\.?[^\S\n]+){{0,4}}{_WITH_PARTICLE}{FULL}){_WITH_PARTICLE}{_PART}(?:[^\S\n]+{_WITH_PARTICLE}{_PART}){{0,3}}"
    rf"(?:,[^\S\n]+(?!(?:RN|NP|PA|MD|DO|RT)\b){_PART}(?:[^\S\n]+{_PART}){{0,2}}"
    r"(?=[^\S\n]*(?:[,;.)\n\r]|\Z|(?:MD|M\.D|DO|PhD|DOB|MRN|ID|AGE|SEX|DATE|Age|Sex|Date)\b)))?"
)
_TITLES = (
    r"(?:Dr|DR|Dra|Prof|PROF|Professor|Professeur|Pr|Doctor|[Dd]octeur|Mr|Mrs|MRS(?=\.)|Ms|Miss|Mme|MME|Mlle|[Mm]onsieur"
    r"|[Mm]adame|Sra|Srta|Sr(?=\.)|Señora?|Senora?|Dott(?:\.ssa)?|Dottor(?:essa)?|Sig\.(?:ra|na)?|Signora?|Herrn?|Frau"
    r"|Oberarzt|Oberarztin|Fru)"
)
_DEGREES = r"(?:MD|M\.D\.|MBBS|MBChB|FRCR|FRANZCR|FRCPC|PhD|Ph\.D\.)"
_LATIN = re.compile(
    r"(?P<by>(?i:/s/[^\S\n]*|\b(?:redige|dicte|valide|signe|relu) par:?[^\S\n]+"
    r"|\b(?:laudado|assinado(?: eletronicamente)?|digitado|revisado) por:?[^\S\n]+|\b(?:befunder|vidiert):[^\S\n]*"
    r"|\bgez\.[^\S\n]+(?=(?-i:(?:[A-Z][A-Za-z'’.-]*[^\S\n]*){1,4}(?:[,\n]|\Z)))"
    r"|\b(?:reported|dictated|signed|verified|read|interpreted|approved|authenticated|transcribed|finali[sz]ed)"
    rf" by:?{_ONE_LINE_ON}(?:dr\.?[^\S\n\r]+)?|\bfinal report by:?[^\S\n\r]+))(?P<signed>{NAME})"
    r"|(?P<role>(?i:(?:\b(?:radiologist|attending|resident|fellow|physician|technologist|patient"
    r"|(?:patient(?:[’']s)? )?(?<!protocol )(?<!sequence )(?<!series )name)"
    r"|(?:姓\s*名|医\s*[生师]|技\s*师|(?:报告|审核)[者人])(?:签[名字])?)"
    rf"{BLANK}[:：]{BLANK}(?:dr\.?[^\S\n\r]+)?))(?P<named>{NAME})"
    rf"|(?P<title>\b{_TITLES}\b\.?(?:[^\S\n\r]+(?:Dr|med|rer|nat|habil|dent|vet|univ)\.)*[^\S\n\r]+)(?P<titled>{NAME})"
    r"|(?P<told>(?i:\b(?:discussed|communicated|conveyed|relayed)[^\S\n]+(?:with|to)|\bpaged|\bnotified|\binformed"
    r"|\b(?:attending|referring|consulting|reporting)[^\S\n]+(?:radiologist|physician|clinician|neurologist|surgeon))"
    rf"[^\S\n]+)(?!{_TITLES}\b)(?P<whom>{FULL}[^\S\n]+{FULL})(?![^\S\n]+[A-Z])"
    rf"|(?P<degree>(?<![A-Za-z'’-]))(?P<holder>(?:{_PART}[^\S\n]+){{1,2}}{FULL})(?=,?[^\S\n]+{_DEGREES}(?![A-Za-z]))"
)
_BEGIN = frozenset((
    "left", "right", "bilateral", "normal", "mild", "moderate", "multiple", "small", "large", "stable", "unchanged",
    "new", "there",
))  # fmt: skip
"""Words that sentences of reports begin with."""
_OF_NAMES = frozenset(" ".join(_PARTICLES).split()) | {"y", "o"}
PROTOCOL = frozenset((
    "brain", "head", "image", "images", "imaging", "scan", "study", "sequence", "protocol", "spine", "neck",
))  # fmt: skip
"""Mr Brain is a title-cased MR."""
_RADIOGRAPHS = frozenset((
    "chest", "abdomen", "pelvis", "knee", "ankle", "hip", "shoulder", "wrist", "elbow", "system", "detector", "plate",
    "radiograph", "radiographs", "lateral", "ap", "pa",
))  # fmt: skip
"""DR CHEST is digital radiography."""
_NO_ONE = frozenset((
    "emergency", "department", "team", "service", "neurology", "neurosurgery", "oncology", "clinic", "unit", "ward",
    "nurse", "nursing", "resident", "attending", "medicine", "surgery", "physician", "referring", "ordering",
    "paciente", "patient", "patientin", "remite", "refiere", "presenta", "acude", "mit", "con", "sin", "ohne", "avec",
))  # fmt: skip
"""Whom somebody has informed without a name."""


_METHODS = frozenset(("DSA", "CAD", "MRA", "MRV", "CTA", "CT", "MRI", "MR", "PET", "US", "AI", "EEG", "EKG", "ECG"))
"""What may verify something too."""
OF_DISEASE = re.compile(
    r"(?:ations?|algia|bility|iness|omas?|itis|osis|emia|aemia|pathy|ectomy|otomy|ache|ing|ysms?|rhage|cephaly|plasia)$"
)


def latin_signatures(text: str) -> list[tuple[int, int]]:
    """Return where such names stand in a text without accents (`comparable`)."""
    return [place for match in _LATIN.finditer(text) if (place := _name_of(match)) is not None]


def _name_of(match: re.Match) -> tuple[int, int] | None:
    """Return where the name of what `_LATIN` has found stands, up to a word that is no name."""
    kind = next(kind for kind in ("by", "role", "title", "told", "degree") if match[kind] is not None)
    of = {"by": "signed", "role": "named", "title": "titled", "told": "whom", "degree": "holder"}[kind]
    before, start = match[kind], match.start(of)
    words, rest = re.split(r"(?<=\S)(?=\s)", match[of]), match.string[match.end() :]
    if _is_nobody(kind, before, words, rest) or begins_a_section(words[0]):
        return None
    ends = _sentences_begin() if kind == "title" else _BEGIN
    # behind "reported by" May is a name, behind Dr. Smith it is not
    at = next((i for i in range(1, len(words)) if _ends_a_name("".join(words[i:]) + rest, ends)), len(words))
    return start, start + len("".join(words[:at]).rstrip(","))


def _sentences_begin() -> frozenset[str]:
    return (common_words("function") | common_words("medical") | _BEGIN) - _OF_NAMES


def _is_nobody(kind: str, before: str, words: list[str], rest: str) -> bool:
    """Tell whether words that stand where a name does are none."""
    first, begins = words[0].strip(" ,.").casefold(), _sentences_begin()
    plain = {word.strip(" ,.").casefold() for word in words}
    if kind == "title" and first in _NO_ONE:
        return True
    if kind == "role" and any(OF_DISEASE.search(word) for word in plain):
        return True  # Patient: Chiari Malformation
    if kind == "by" and len(words) == 1 and words[0] in _METHODS:
        return True  # verified by DSA
    if kind in ("told", "degree"):
        return bool(plain & (begins | common_words("report") | _NO_ONE | PROTOCOL))
    if before.startswith(("Mr ", "Ms ", "Pr ", "Miss ")) and first in PROTOCOL:
        return True
    if before.startswith("DR ") and first in begins | common_words("report") | PROTOCOL | _RADIOGRAPHS:
        return True
    if kind == "role":  # Radiologist: Enhancing mass
        return first in begins | common_words("report") or (
            len(words) == 1 and re.match(r"[^\S\n\r]+[a-z]", rest) is not None
        )
    return "\n" in before and first in begins


def _ends_a_name(text: str, ends: frozenset[str]) -> bool:
    """Tell whether a text behind the first word of a name is no more of it: FINDINGS, FLAIR; Left, if it goes on."""
    word, _, more = text.strip().partition(" ")
    if re.match(r"\S+\s*[:：]", text.strip()):
        return True  # John Smith MRN: 1234567
    known = word.casefold() in ends and bool(more.strip())
    return known or begins_a_section(text) or sequence_of_text(word) != (None, "")
