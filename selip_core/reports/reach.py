"""By which words a language joins its clauses, from ``scope`` of its lexicon, and which kinds of words tell of what."""

import re
from functools import cache

from selip_core.reports.words import NOTHING, Language

LOOKS = ("signals", "phrases", "enhancement")
NAMES = ("lesions", "contacts", "oedema", "shapes")
FINDINGS = (*LOOKS, *NAMES, "compressed", "widened", "shifted", "inside")
"""What tells that something is there, described or only named."""
DENIALS = ("negations", "normal")
_LATIN_NAMES = r"\b[^\W\d_]+(?:omas?|itis|path(?:y|ic|ies?)|malaci[ae]|plasi[ae]|(?<!diagn)(?<!progn)osis)\b"
"""What diseases are called in any language."""


class Reach:
    """The patterns by which a language joins clauses, from ``scope`` of its lexicon."""

    def __init__(self, language: Language):
        words = language.scope
        self.exception, self.of_the, self.signal = map(_pattern, (words["exceptions"], words["of"], words["signal"]))
        self.ands, self.ors = _pattern(words["and"]), _pattern(words["or"])
        joined = f"(?:{words['and']}|{words['with']})"
        self.joined, self.joined_to = _pattern(joined), _pattern(rf"{joined}\s+(?:[^\W\d_]+\s+)?$")
        self.no = _pattern(f"(?!{words['denials_of_verbs']}){words['denials']}")
        # no infarct, bleed or mass is seen: all denied
        self.of_no_list = _pattern(rf",\s*{words['remarks']}|{words['verbs']}(?!\s+(?:[^\W\d_]+ly\s+)?{words['seen']})")
        self.other_side = _pattern(rf"[,\s]*(?:{words['turns']}\s+)?{words['halves']}\s+{words['verbs']}")
        self.goes_on, self.of_names = _pattern(rf",\s*{words['list_goes_on']}"), _pattern(words["of_bare_names"])
        self.lists_names = words["of_bare_names"] != NOTHING
        self.abnormal = _pattern(f"{words['diseases']}|{_LATIN_NAMES}")
        self.seen, self.changes = _pattern(words["seen"]), _pattern(words["changes"])
        self.relatives = _pattern(rf"[,\s]*{words['relatives']}")
        self.likened = _pattern(rf"\s+{words['likened']}\s+(?:[^\W\d_]+\s+)?")
        self.size = _pattern(
            rf"\s*(?:{words['sizes']}\s+)?(?:{words['about']}\s+)?\d+(?:[.,]\d+)?(?:\s*[x×-]\s*\d+(?:[.,]\d+)?)*\s*[mc]m\b"
        )  # it would stand between words that belong together: `shift of 6 mm to the right`


def _pattern(text: str) -> re.Pattern:
    return re.compile(text, re.IGNORECASE)


@cache
def reach_of(language: Language) -> Reach:
    return Reach(language)
