"""Ids that are nobody's: what anonymisers and databases leave where there was one, or never was."""

import re
import unicodedata

_NUMBERS = re.compile(r"0+(?:[-./ ]0+)*|-\d|1234567890|123456(?:7(?:89?)?)?")
_LETTERS = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:anon(?:ym(?:ous|us|i[sz]ed|e|o|isiert|is[eé])?)?|de-?identified|unknown|unbekannt|desconocido|inconnu|removed|"
    r"redacted|hidden|deleted|masked|scrubbed|cleared|erased|blank(?:ed)?|withheld|confidential|pseudo(?:nym(?:i[sz]ed)?)?"
    r"|no-?(?:patient-?)?(?:id|name)|not-?(?:available|applicable|given|known)|dummy|test|patient|匿名|无名氏|未知|不详|患者|病人)+",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"null|nan|none|nil|n/?a|nat|undefined|empty|missing|unknown|无|無|没有|暂无|暂缺|缺|空|不详|不詳|未知|なし|不明",
    re.IGNORECASE,
)
_BRACKETS = "()[]{}<>（）【】#\"'*-—/_. "
_SIGNS = re.compile(r"[^\w]+|_+")


def is_nobody(given: str) -> bool:
    """Tell whether an id of a patient is none: nothing, signs, zeros, one letter again and again, a word for nobody."""
    text = given.strip()
    letters = _SIGNS.sub("", text)
    return (
        not letters
        or _NUMBERS.fullmatch(text) is not None
        or _LETTERS.fullmatch(letters) is not None
        or _WORDS.fullmatch(letters) is not None
        or is_nothing(text)
    )


def is_nothing(given: str) -> bool:
    """Tell whether a cell says that there is no id: ``NULL``, ``(null)``, ``N/A``, 无."""
    text = unicodedata.normalize("NFKC", given).strip(_BRACKETS)
    return not text or _NOTHING.fullmatch(text) is not None
