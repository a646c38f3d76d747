"""Studies of several series and what their whole reports say: what the fusion of series is trained and tried on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from selip_core.datasets.pairs import findings_of
from selip_core.encoders.study import USUAL
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence, sentence_of

# A whole report: what it says of each sequence. In the normal one all findings are empty. No docstring: Sphinx takes an
# alias of a generic type for a class, and fails on its signature.
Report = dict[str, tuple[Finding, ...]]


@dataclass(frozen=True)
class Studies:
    """Studies with a report, each with all of its series, those too that the report says nothing about.

    Parameters
    ----------
    volumes : array (V, 1, D, H, W)
        All preprocessed volumes, in memory or mapped.
    rows : list of n dicts of sequence to int
        The volume of each series.
    reports : list of n `Report`
    patients : list of n str
    """

    volumes: np.ndarray
    rows: list[dict[str, int]]
    reports: list[Report]
    patients: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def texts(self) -> list[str]:
        """The whole report of each study as one text: what tells it from others."""
        return [report_text(report) for report in self.reports]

    @property
    def sequences(self) -> list[str]:
        """Which series each study has: ``T1+T2+DWI``."""
        return ["+".join(rows) for rows in self.rows]

    @property
    def distinct_reports(self) -> dict[str, Report]:
        """The distinct reports by their texts, in order of appearance."""
        found: dict[str, Report] = {}
        for text, report in zip(self.texts, self.reports, strict=True):
            found.setdefault(text, report)
        return found

    @property
    def own(self) -> np.ndarray:
        """Which of the distinct reports each study has, (n,) int."""
        number = {text: i for i, text in enumerate(self.distinct_reports)}
        return np.array([number[text] for text in self.texts], dtype=int)


def make_studies(volumes: np.ndarray, index: pd.DataFrame, sentences: pd.DataFrame, patients: set[str]) -> Studies:
    """Return the studies of some patients that have a series and a report.

    Only the sequences `selip_core.encoders.study.USUAL` count, of series and of reports.

    Parameters
    ----------
    volumes : array (V, 1, D, H, W)
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``
        The series of the volume cache.
    sentences : DataFrame with ``study_id``, ``sequence``, ``sentence``
    patients : set of str

    Raises
    ------
    ValueError
        If a sentence is not canonical.
    """
    spoken = [name for name in USUAL if name in set(sentences["sequence"])]
    said = {study: _report(part, spoken) for study, part in sentences.groupby("study_id")}
    rows, reports, owners = [], [], []
    for study, part in index[index["patient_id"].isin(patients)].groupby("study_id"):
        series = dict(zip(part["sequence"], part["row"], strict=True))
        series = {name: int(series[name]) for name in USUAL if name in series}
        if series and said.get(study):
            rows.append(series)
            reports.append(said[study])
            owners.append(part["patient_id"].iloc[0])
    return Studies(volumes, rows, reports, owners)


def _report(sentences: pd.DataFrame, spoken: list[str]) -> Report:
    """Return the whole report of a study, its sequences in one order.

    Normal reports are one, whichever series a study has; where something is found, sequences called normal are left
    out, as those that nothing is said of.
    """
    said = dict(zip(sentences["sequence"], findings_of(sentences["sentence"]), strict=True))
    said = {name: said[name] for name in spoken if name in said}
    if said and not any(said.values()):
        return dict.fromkeys(spoken, ())
    return {name: findings for name, findings in said.items() if findings}


def report_text(report: Report) -> str:
    """Return a whole report as one text: ``T1，在…表现为…。DWI，在…表现为…。``, or the normal statement.

    Examples
    --------
    >>> report_text({"T1": (Finding("脑桥", "长信号"),), "DWI": (Finding("脑桥", "高信号"),)})
    'T1，在脑桥表现为长信号。DWI，在脑桥表现为高信号。'
    """
    if not any(report.values()):
        return NORMAL_STATEMENT
    return "".join(f"{name}，{canonical_sentence(findings)}。" for name, findings in report.items())


def sentences_of_report(report: Report) -> dict[str, str]:
    """Return the sentence of each sequence, as `DualEncoder.encode_reports` takes them."""
    return {name: sentence_of(findings) for name, findings in report.items()}


def findings_of_report(report: Report) -> tuple[Finding, ...]:
    """Return the findings of all sequences, one after another: what whole reports are compared by."""
    return tuple(finding for findings in report.values() for finding in findings)


def sites_of_report(report: Report) -> frozenset[str]:
    """Return the sites, with their sides, that a report finds something at."""
    return frozenset(finding.site for finding in findings_of_report(report))
