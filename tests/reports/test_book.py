"""A lexicon of another language is checked when it is loaded, and its choices are written out."""

import pytest
import yaml

from selip_core.errors import SelipError
from selip_core.reports import book as book_module
from selip_core.reports.book import FOLDER, check_language, load_language
from selip_core.reports.entries import alternatives


@pytest.fixture
def english():
    return yaml.safe_load((FOLDER / "en.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("nonsense", ["x"], "nonsense"), ("negations", [], "negations must hold lists of words"),
        ("negations", [False], 'put "no", "on" and the like in quotes'),
        ("sites", {"膝": ["knee"]}, "no site of zh.yaml"),
    ],
)  # fmt: skip
def test_a_wrong_part_is_named(english, key, value, said):
    with pytest.raises(SelipError, match=said):
        check_language(english | {key: value}, FOLDER / "en.yaml")


def test_a_file_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(book_module, "FOLDER", tmp_path)
    with pytest.raises(SelipError, match=r"xx.yaml cannot be read"):
        load_language("xx")


def entries_of(value):
    if isinstance(value, dict):
        return [entry for inner in value.values() for entry in entries_of(inner)]
    return value if isinstance(value, list) else []


@pytest.mark.parametrize("name", ["en", "fr"])
def test_choices_are_written_out_each_once_and_none_stands_for_thousands(name):
    """Of two entries that each stood for 3,000 a text was read ten times slower: where many words may stand, `...`."""
    written = entries_of(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
    assert max(len(alternatives(entry)) for entry in written if isinstance(entry, str)) <= 750
    for words in load_language(name)["signals"].values():
        assert len(words) == len(set(words)) and not any("|" in word for word in words)
