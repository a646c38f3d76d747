"""What reports say that the lexicon does not know: ``python -m selip_core.lexicon_gaps COHORT_OR_FILE``."""

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from selip_core._utils.command import DONE, Parser, one_or_more, run_command
from selip_core._utils.files import expanded
from selip_core._utils.tables import read_text, write_table
from selip_core._utils.words import check_several
from selip_core.errors import SelipError
from selip_core.ingest.report_tables import read_reports, safe_cell
from selip_core.reports.languages import unknown_foreign_words, without_foreign
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.parser import is_unknown, tokenize
from selip_core.reports.script import simplified
from selip_core.reports.sections import findings_part
from selip_core.reports.text import normalise

CONTEXT = 12
"""Characters shown on each side of an unknown word."""


def lexicon_gaps(reports: Iterable[str]) -> pd.DataFrame:
    """Return the words, and the pairs of neighbouring words, that are unknown, the most frequent first.

    Neighbours show a term that jieba has cut in two. A pair is listed where it occurs twice or more. Words of sentences
    without a Chinese character are those that ``en.yaml`` lacks. What the lexicon takes for normal (未见异常) is none.

    Parameters
    ----------
    reports : iterable of str

    Returns
    -------
    DataFrame with ``words``, ``count``, ``reports`` (how many hold it) and ``example`` (the words in their context)

    Raises
    ------
    SelipError
        If it is one text, and not several.
    """
    check_several(reports, "reports", "report")
    counts: Counter = Counter()
    holders: dict[str, int] = defaultdict(int)
    examples: dict[str, str] = {}
    for report in (findings_part(simplified(text)) for text in reports):  # as they are read
        here, foreign = set(), unknown_foreign_words(report)
        for word in foreign:
            counts[word] += 1
            here.add(word)
            start = report.lower().find(word)  # words that run together are in no place of the report
            examples.setdefault(word, _context(report, start, len(word)) if start >= 0 else word)
        text = normalise(without_foreign(report))
        for words, start in _unknown(tokenize(text)):
            if words.lower() in foreign:  # counted above
                continue
            counts[words] += 1
            here.add(words)
            examples.setdefault(words, _context(text, start, len(words)))
        for words in here:
            holders[words] += 1
    rows = [
        (words, count, holders[words], examples[words])
        for words, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if " " not in words and (count > 1 or not _is_pair(words, counts))
    ]
    return pd.DataFrame(rows, columns=["words", "count", "reports", "example"])


def _context(text: str, start: int, length: int) -> str:
    return text[max(start - CONTEXT, 0) : start + length + CONTEXT].replace("\n", " ")


def _unknown(tokens: list[str]) -> Iterable[tuple[str, int]]:
    """Yield unknown words, and unknown neighbours as one, each with its place in the text."""
    start, before = 0, ""
    for token in tokens:
        new = is_unknown(token) and re.fullmatch(r"[^\d]*(?:[一-鿿]|[A-Za-z]{2})[^\d]*", token)  # sizes are no words
        if new:
            yield token, start
            if before:
                yield before + token, start - len(before)
        before, start = token if new else "", start + len(token)


def _is_pair(words: str, counts: Counter) -> bool:
    return any(words[:i] in counts and words[i:] in counts for i in range(1, len(words)))


def read_corpus(path: Path) -> list[str]:
    """Return the reports of a cohort's folder, a table of reports, or a text file with a report a line.

    Raises
    ------
    SelipError
        If it is none of these, or holds no report.
    """
    if path.is_dir():
        path = path / "reports.csv"
    if path.suffix.lower() == ".txt":
        reports = [line.strip() for line in read_text(path).splitlines()]
    else:
        reports = read_reports(path).reports["findings"].tolist()
    reports = [report for report in reports if report]
    if not reports:
        raise SelipError(f"{path} holds no report")
    return reports


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options) or 130."""
    parser = Parser("lexicon_gaps", prog="python -m selip_core.lexicon_gaps", description=(
        "List what reports say that the lexicon does not know, the most frequent first. What matters goes into "
        "selip_core/reports/lexicons/zh.yaml."))  # fmt: skip
    parser.add_argument("corpus", type=Path, help="a cohort's folder, a table of reports, or a .txt")
    parser.add_argument("--top", type=one_or_more, default=50, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=Path, metavar="CSV", help="write all of them")
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="lexicon_gaps: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    load_lexicon()  # an edited lexicon that cannot be read is told before anything else
    reports = read_corpus(expanded(options.corpus))
    gaps = lexicon_gaps(reports)
    if options.out:
        safe = gaps.map(lambda cell: safe_cell(cell) if isinstance(cell, str) else cell)
        write_table(safe, expanded(options.out), encoding="utf-8-sig")
    for row in gaps.head(options.top).itertuples():
        print(f"{row[2]:6}  {row.words}\t…{row.example}…")
    print(f"{len(gaps)} unknown words and pairs in {len(reports)} reports")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
