"""Reports that people have coded by hand: OpenI's chest X-ray reports (MeSH) and coded Chinese CT descriptions.

They tell whether a similarity of texts sees what a human coder sees. Neither is of head MRI.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selip_core._utils.tables import read_table, read_text
from selip_core._utils.words import words_of
from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding

_UNCODED = ("normal", "no indexing")


@dataclass(frozen=True)
class CodedReports:
    """Reports with what was coded of them, of one language.

    Parameters
    ----------
    name : str
        What tables call them.
    words : list of n lists of str
        The text of each report, cut into words (English) or into what stands for a character (Chinese tokens).
    texts : list of n str
        The text as it is written; empty where only tokens are published.
    keys : list of n frozensets
        What two reports share when they are about the same thing: the first two terms of each code (of MeSH what is
        seen and, mostly, where), or every pair of a coded region and a coded type.
    terms : list of n frozensets of str
        Every term of the codes: the graded measure is the Jaccard index of two reports' terms.
    findings : list of n tuples of Finding, or empty
        The codes as findings, the first term the appearance, the others the site; none where the codes do not say
        which goes with which.
    """

    name: str
    words: list[list[str]]
    texts: list[str]
    keys: list[frozenset]
    terms: list[frozenset]
    findings: list[tuple[Finding, ...]]

    def __len__(self) -> int:
        return len(self.words)

    def take(self, picked: Sequence[int]) -> "CodedReports":
        """Return the picked reports only."""
        lists = (self.words, self.texts, self.keys, self.terms, self.findings)
        return CodedReports(self.name, *([one[i] for i in picked] if one else [] for one in lists))


def load_openi(path: str | Path) -> CodedReports:
    """Return the reports of a table of OpenI that have findings and codes other than *normal*.

    A code is ``Opacity/lung/base/left``: what is seen, and where; several are separated by semicolons.

    Parameters
    ----------
    path : path
        With the columns ``findings`` and ``MeSH``, as ``indiana_reports.csv`` has them.

    Raises
    ------
    SelipError
        If it is no such table, or holds fewer than two such reports.
    """
    table = read_table(Path(path), ("findings", "mesh"))
    texts, codes = [], []
    for text, given in zip(table["findings"], table["mesh"], strict=True):
        of_report = [code.strip() for code in given.split(";") if code.strip()]
        of_report = [code for code in of_report if code.lower() not in _UNCODED and "quality" not in code.lower()]
        if text.strip() and of_report:
            texts.append(" ".join(text.split()))
            codes.append([code.lower().split("/") for code in of_report])
    _enough(texts, path)
    return CodedReports(
        "chest X-ray, English (OpenI, MeSH)",
        [words_of(text) for text in texts],
        texts,
        [frozenset(tuple(code[:2]) for code in of_report) for of_report in codes],
        [frozenset(term for code in of_report for term in code) for of_report in codes],
        [tuple(dict.fromkeys(Finding(" ".join(code[1:]) or code[0], code[0]) for code in of_report))
         for of_report in codes],
    )  # fmt: skip


def load_coded_ct(path: str | Path) -> CodedReports:
    """Return the coded Chinese CT descriptions of a file that have a region.

    A line is ``id|,|tokens|,|regions,types``: integers, a token stands for a character.

    Raises
    ------
    SelipError
        If a line is of another form, or fewer than two have a region.
    """
    words, keys, terms = [], [], []
    for number, line in enumerate(read_text(Path(path)).splitlines(), start=1):
        parts = line.split("|,|")
        if not line.strip():
            continue
        regions, _, types = parts[2].partition(",") if len(parts) == 3 else ("", "", "")
        if len(parts) != 3 or not all(word.isdigit() for word in f"{parts[1]} {regions} {types}".split()):
            raise SelipError(f"{path} line {number} is not of the form id|,|tokens|,|regions,types with whole numbers")
        if regions.split():
            words.append(parts[1].split())
            of_regions, of_types = [f"region {r}" for r in regions.split()], [f"type {t}" for t in types.split()]
            keys.append(frozenset((region, kind) for region in of_regions for kind in of_types))
            terms.append(frozenset(of_regions + of_types))
    _enough(words, path)
    return CodedReports("CT, Chinese tokens (17 regions, 12 types)", words, [], keys, terms, [])


def _enough(reports: list, path: str | Path) -> None:
    if len(reports) < 2:
        raise SelipError(f"{path} holds {len(reports)} coded reports with findings: at least two are needed")
