"""Names in Latin letters of letters and notes: ``Re: John Smith``, ``I, John Smith, have``, ``Signed: Smith``."""

import re

from selip_core.datasets.sequences import sequence_of_text
from selip_core.ingest.latin_signatures import FULL, NAME, OF_DISEASE, PROTOCOL
from selip_core.ingest.person_words import BLANK, everybodys
from selip_core.reports.sections import begins_a_section

_TWO = rf"(?:[A-Z]\.?[^\S\n]+)?{FULL}(?:[^\S\n]+[A-Z]\.?)?[^\S\n]+{FULL}"
"""Two words at least: one alone may be any word that is written large."""
_RADIOLOGIST = (
    r"(?i:(?:(?:consultant|attending|staff|specialist|senior|chief|interventional|paediatric|pediatric)[^\S\n]+)?"
    r"(?:neuro)?(?:radiologist|neurologist|radiographer|technologist|registrar|fellow))\b"
)
_IS_AGED = r"[^\S\n]*(?:is|was|,|\()?[^\S\n]*(?:an?[^\S\n]+)?\d{1,3}[^\S\n-]*-?(?:years?|yrs?|yo|y/o|y\.o|[MFmf]\b)"
_DONE_BY = r"(?:referred|requested|ordered|reviewed|checked|agreed|ref\.?) by"
_NO_ONE = frozenset((
    "dr", "prof", "mr", "mrs", "ms", "consultant", "attending", "staff", "specialist", "senior", "chief", "radiologist",
    "neuroradiologist", "neurologist", "sir", "madam", "doctor", "colleague", "all", "team", "clinic", "department",
    "ward", "unit", "service", "hospital", "neurology", "neurosurgery", "oncology", "motion", "artifact", "artefact",
    "gradient", "echo", "re", "cc", "attn", "seizure", "seizures", "vertigo", "nausea", "syncope", "tremor", "weakness",
    "numbness", "confusion", "fever", "disorder", "syndrome", "sexo", "idade", "edad",
    "masculino", "feminino", "femenino", "refere", "refiere",
))  # fmt: skip
_PLACES = re.compile(
    rf"\bI,[^\S\n]+(?P<i>{_TWO})(?=,|[^\S\n]+(?:MD|M\.D|DO)\b)"
    rf"|\b(?:[Pp]atient|PATIENT|[Pp]t\.?|PT\.?)[^\S\n]+(?P<patient>{_TWO})"
    rf"(?=[^\S\n]+(?:is|was|has|had|presents|presented|underwent|came|returns|returned)\b|{_IS_AGED})"
    rf"|\b(?i:paciente|solicitante){BLANK}[:：]{BLANK}(?P<asked>{_TWO})"
    rf"|(?:\A|\n|[.!?][^\S\n]+)(?P<aged>{_TWO})(?={_IS_AGED})"
    r"|\b(?i:(?:electronically |digitally )?signed|e-signed|dictated|verified|approved|authori[sz]ed"
    rf"|consultant|reporting (?:doctor|clinician)|referr(?:er|ing (?:doctor|clinician))|{_DONE_BY})"
    rf"{BLANK}[:：,]{BLANK}(?i:dr\.?[^\S\n\r]+)?(?P<head>{NAME})"
    rf"|(?:\A|\n|[.。]\s){BLANK}(?i:(?:electronic |digital |e-)?signature|cc|attn|re){BLANK}[:：,]{BLANK}"
    rf"(?P<line>{NAME})"
    rf"(?={BLANK}[.,;]?{BLANK}(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}})?{BLANK}(?:\n|\Z))"
    rf"|(?<!\d)(?<!\d\s)\b(?i:cc|re|attn|signature){BLANK}[:：,]{BLANK}"
    rf"(?:(?i:dr\.?[^\S\n\r]+)(?P<doctor>{NAME})|(?P<subject>{NAME}))"
    rf"|\b(?i:reporting (?:doctor|radiologist|clinician)|{_DONE_BY}|(?:for|in|on|of) referring"
    rf"|(?:seen|staffed|agreed|co-?read) with|signed)[^\S\n]+(?P<told>{_TWO}|[A-Z]\.?[^\S\n]+{FULL})"
    rf"|\b(?i:dear|hello|hi)[^\S\n]+(?P<dear>{_TWO}|{FULL})(?=[^\S\n]*[,:\n])"
    rf"|\b(?i:name)[^\S\n]+(?P<table>{_TWO})(?=[^\S\n]+(?i:age|sex|gender|dob|mrn|id|date)\b)"
    rf"|(?:\A|\n|[.!?]){BLANK}(?P<above>{NAME})(?=,?\s*\n?{BLANK}{_RADIOLOGIST})"
    rf"|{_RADIOLOGIST}{BLANK}\n{BLANK}(?P<below>{NAME})(?={BLANK}(?:\n|\Z))"
    rf"|(?<=[.!?])\s+(?P<last>(?:[A-Z]\.[^\S\n]*){{1,3}}{FULL})\.?\s*\Z"
    r"|(?P<header>\b[A-Z][A-Za-z'-]{1,40}(?:\^[A-Z][A-Za-z'-]{0,40}){1,4})"
)


def letter_names(text: str) -> list[tuple[int, int]]:
    """Return where such names stand in a text without accents (`comparable`)."""
    found = ((match.lastgroup, match.span(match.lastgroup)) for match in _PLACES.finditer(text))
    return [place for kind, place in found if not _is_nobody(kind, text[slice(*place)])]


def _is_nobody(kind: str, name: str) -> bool:
    """Tell whether one of the words, or all together, is of reports or of speech: Re: Left Frontal Meningioma."""
    if kind == "header":
        return False
    words = [word.strip(".,'’") for word in re.split(r"[\s-]+", name)]
    whole = [word for word in words if len(word) > 1]
    if kind == "subject" and len(words) == 1:
        return True  # Re: Vertigo, CC: Seizures, imaging signature: Heterogeneous
    if kind == "head" and len(whole) == len(words) == 1 and name.isupper():
        return True  # Signed: JS is no name, and Re: MRI neither
    known = everybodys() | PROTOCOL | _NO_ONE
    return (
        begins_a_section(name)
        or any(word.casefold() in known or OF_DISEASE.search(word.casefold()) for word in whole)
        or any(sequence_of_text(word) != (None, "") for word in words)
    )
