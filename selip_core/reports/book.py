"""The lexicon of a language but Chinese as a book of words: what it must hold, and its choices written out."""

from functools import cache
from pathlib import Path

import yaml

from selip_core.errors import SelipError
from selip_core.reports.entries import alternatives
from selip_core.reports.lexicon import check_keys, check_sequences, load_lexicon

FOLDER = Path(__file__).with_name("lexicons")
GROUPS = (
    "sites", "sides", "sequences", "signals", "levels", "phrases", "shapes", "multiple", "enhancement", "morphology",
    "shifted", "anaphora",
)  # fmt: skip
LISTS = (
    "passed_over", "oedema", "inside", "compressed", "widened", "negations", "normal", "elsewhere", "vessels",
    "lesions", "extends", "contacts", "near", "compared", "generalities", "signal", "other_sequences", "alike",
    "common",
)  # fmt: skip
_GRAMMAR = (
    "clause_words", "joined", "both", "plurals", "symmetric", "spared", "sparing", "conjunctions", "ranges", "within",
    "own_words",
)  # fmt: skip
_SCOPE = (
    "exceptions", "and", "with", "or", "of", "denials", "denials_of_verbs", "list_goes_on", "of_bare_names",
    "remarks", "verbs", "turns", "halves", "diseases", "sizes", "about", "seen", "likened", "changes", "relatives",
)  # fmt: skip
_NESTED = (*GROUPS, "scope", "abbreviations")
_KEYS = {"language", "letters", *_NESTED, *LISTS, *_GRAMMAR}


def check_language(book: dict, path: Path) -> None:
    """Raise SelipError if a lexicon has missing, unknown or empty parts, or a site or sequence that is none."""
    check_keys(book, _KEYS, path)
    check_sequences(book["sequences"], path)
    check_keys(book["scope"], set(_SCOPE), path)
    for site in book["sites"]:
        if site not in load_lexicon().book["sites"]:
            raise SelipError(f"{path}: sites names {site!r}, which is no site of zh.yaml")
    for key in (*_NESTED, *LISTS, *_GRAMMAR):
        lists = book[key].values() if key in _NESTED and isinstance(book[key], dict) else [book[key]]
        for words in lists:
            if not isinstance(words, list) or not (words or key in (*_GRAMMAR, "scope")):
                raise SelipError(f"{path}: {key} must hold lists of words")
            if wrong := [word for word in words if not isinstance(word, str) or not word]:
                raise SelipError(f'{path}: {key}: {wrong[0]!r} is not text; put "no", "on" and the like in quotes')


@cache
def load_language(name: str) -> dict:
    """Return the lexicon of a language but Chinese, ``lexicons/<name>.yaml``: its words for each Chinese one, by group.

    Raises
    ------
    SelipError
        If it is missing or not valid; names the file and the key.
    """
    path = FOLDER / f"{name}.yaml"
    try:
        book = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SelipError(f"{path} cannot be read: {error}") from None
    check_language(book, path)
    return _written_out(book)


def _written_out(book: dict) -> dict:
    """Return a lexicon with every choice of its entries, `(thin|thick) rim`, as an entry of its own, each once."""

    def of(value: dict | list | str) -> dict | list | str:
        if isinstance(value, dict):
            return {key: of(words) for key, words in value.items()}
        if isinstance(value, list):
            return list(dict.fromkeys(one for word in value for one in alternatives(word)))
        return value

    return of(book)
