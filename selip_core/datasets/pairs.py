"""Pairs of a volume and what its report says of it: what pretraining and retrieval work on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.shards import MappedVolumes
from selip_core.reports.sentences import Finding, mirrored, parse_sentence, sentence_of


@dataclass(frozen=True)
class Pairs:
    """Volumes and their findings.

    Parameters
    ----------
    volumes : array (N, 1, D, H, W)
        All preprocessed volumes, in memory or mapped.
    rows : (n,) int array
        The volume of each pair.
    findings : list of n tuples of Finding
        What is said of each volume; an empty tuple is a normal one.
    patients, sequences : list of n str
    """

    volumes: np.ndarray | MappedVolumes
    rows: np.ndarray
    findings: list[tuple[Finding, ...]]
    patients: list[str]
    sequences: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def texts(self) -> list[str]:
        """The sentence of each pair, as the text encoder reads it."""
        return [sentence_of(findings) for findings in self.findings]

    def shown(self, *, flip: bool) -> tuple[list[str], list[str]]:
        """Return sequences and texts as a training shows them: with `flip` each text and its mirror image, as often."""
        if not flip:
            return self.sequences, self.texts
        return self.sequences * 2, self.texts + [sentence_of(mirrored(findings)) for findings in self.findings]

    def load(self, picked: np.ndarray) -> torch.Tensor:
        """Return the volumes of the picked pairs, ``(B, 1, D, H, W)`` float32."""
        return torch.from_numpy(np.asarray(self.volumes[self.rows[picked]], dtype=np.float32))

    def take(self, picked: np.ndarray) -> "Pairs":
        """Return the picked pairs only."""
        lists = ([values[i] for i in picked] for values in (self.findings, self.patients, self.sequences))
        return Pairs(self.volumes, self.rows[picked], *lists)


def make_pairs(
    volumes: np.ndarray | MappedVolumes, index: pd.DataFrame, sentences: pd.DataFrame, patients: set[str]
) -> Pairs:
    """Return the pairs of some patients: every cached series that has a sentence.

    Parameters
    ----------
    volumes : array (N, 1, D, H, W)
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``
        The series of the volume cache.
    sentences : DataFrame with ``study_id``, ``sequence``, ``sentence``
        A series that its report says nothing about has no row and is left out (method.md 1).
    patients : set of str

    Raises
    ------
    ValueError
        If a sentence is not canonical.
    """
    chosen = index[index["patient_id"].isin(patients)]
    table = chosen.merge(sentences[["study_id", "sequence", "sentence"]], on=["study_id", "sequence"], how="inner")
    table = table.sort_values("row")
    return Pairs(
        volumes,
        table["row"].to_numpy(),
        findings_of(table["sentence"]),
        table["patient_id"].tolist(),
        table["sequence"].tolist(),
    )


def text_numbers(pairs: Pairs, texts: list[str]) -> np.ndarray:
    """Return the place in `texts` of each pair's sentence, (n,) int."""
    number = {text: i for i, text in enumerate(texts)}
    return np.array([number[text] for text in pairs.texts])


def findings_of(sentences: Sequence[str]) -> list[tuple[Finding, ...]]:
    """Return the findings of canonical sentences; equal ones are parsed once."""
    parsed = {sentence: tuple(parse_sentence(sentence)) for sentence in dict.fromkeys(sentences)}
    return [parsed[sentence] for sentence in sentences]


def distinct_reports(
    findings: list[tuple[Finding, ...]], *, flip: bool
) -> tuple[list[tuple[Finding, ...]], np.ndarray, np.ndarray | None]:
    """Return the distinct reports (with their mirrored forms), the id of each pair's, and of its mirrored one."""
    flipped = [mirrored(report) for report in findings] if flip else []
    distinct = list(dict.fromkeys([*findings, *flipped]))
    number = {report: i for i, report in enumerate(distinct)}
    ids = np.array([number[report] for report in findings])
    return distinct, ids, np.array([number[report] for report in flipped]) if flip else None
