"""Zero-shot classification: which prompts of a label an image is closest to, against the normal statement."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

from selip_core.datasets.annotations import ABNORMAL
from selip_core.encoders.model import SelipModel
from selip_core.reports.sentences import NORMAL_STATEMENT, SEQUENCES

_FILE = Path(__file__).parent / "prompts" / "zh.yaml"
_BOTH = "双侧"


@cache
def prompt_book() -> dict[str, dict[str, list[str]]]:
    """Return the prompts of each label by sequence, as sentences: label to sequence to list of str."""
    book = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    prompts: dict[str, dict[str, list[str]]] = {}
    for label, entry in book["labels"].items():
        if "sentences" in entry:
            prompts[label] = {sequence: list(texts) for sequence, texts in entry["sentences"].items()}
            continue
        sites = [
            site if site.startswith(_BOTH) else side + site
            for site in entry["sites"]
            for side in ([""] if site.startswith(_BOTH) else book["sides"])
        ]
        prompts[label] = {
            sequence: [f"在{site}表现为{look}" for site in sites for look in entry[sequence]]
            for sequence in SEQUENCES
            if sequence in entry
        }
    return prompts


@torch.inference_mode()
def zero_shot_scores(
    model: SelipModel, features: np.ndarray, index: pd.DataFrame, patients: list[str], labels: list[str]
) -> np.ndarray:
    """Return how much closer each patient's images are to a label's prompts than to the normal statement.

    The prompts of a label and sequence are one direction, the normalised mean of their features. The score of a series
    is its cosine with that direction, less its cosine with the normal statement; that of a patient the mean over the
    series that the label's prompts speak of. ``abnormal`` is the mean of all labels' directions.

    Parameters
    ----------
    features : (n, E)
        Unit-norm image features, one row a row of `index`.
    index : DataFrame with ``patient_id``, ``sequence``
    labels : list of str
        Each ``abnormal`` or a label of the prompts.

    Returns
    -------
    (patients, labels)
        NaN where a label has no prompts, or a patient no series that they speak of.
    """
    book = prompt_book()
    place = {patient: i for i, patient in enumerate(patients)}
    who = np.array([place.get(patient, -1) for patient in index["patient_id"]])
    sequences = index["sequence"].to_numpy()
    normal = model.encode_text([NORMAL_STATEMENT]).cpu().numpy()[0]
    total, count = (np.zeros((len(patients), len(labels))) for _ in range(2))
    for column, label in enumerate(labels):
        for sequence in SEQUENCES:
            texts = _prompts(book, label, sequence)
            rows = np.flatnonzero((sequences == sequence) & (who >= 0))
            if not texts or not len(rows):
                continue
            direction = model.encode_text(texts).mean(dim=0)
            direction = torch.nn.functional.normalize(direction, dim=0).cpu().numpy()
            np.add.at(total[:, column], who[rows], features[rows] @ (direction - normal))
            np.add.at(count[:, column], who[rows], 1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _prompts(book: dict, label: str, sequence: str) -> list[str]:
    if label == ABNORMAL:
        return [text for prompts in book.values() for text in prompts.get(sequence, [])]
    return book.get(label, {}).get(sequence, [])
