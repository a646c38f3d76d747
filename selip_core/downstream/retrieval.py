"""Retrieval of every method and seed on the test patients: one table of queries, and examples."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.pairs import Pairs, distinct_reports
from selip_core.downstream.yardsticks import image_measures
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.metrics.retrieval import DIRECTIONS, retrieval_table
from selip_core.metrics.yardsticks import CONSTANT, constant_answers
from selip_core.pretraining.validation import NOTHING_TO_EVALUATE, encode_pairs
from selip_core.reports.sentences import NORMAL_STATEMENT, sentence_of
from selip_core.similarity.scores import similarity_matrix


def evaluate_runs(
    models: dict[tuple[str, int], Path],
    pairs: Pairs,
    *,
    device: torch.device,
    train: Pairs | None = None,
    flip: bool = True,
    kinds: Mapping[str, frozenset[str]] | None = None,
) -> pd.DataFrame:
    """Return the queries of every run: `retrieval_table` with ``method``, ``seed`` and ``normal``.

    Image to text has the measures of `selip_core.downstream.yardsticks.image_measures` too.

    Parameters
    ----------
    models : dict of (method, seed) to the folder of its model
    pairs : Pairs of the split to evaluate on
    train : Pairs that the models were trained on, optional
        With them the constant answer stands before the methods; its seeds are the orders of its ties.
    flip : bool
        Whether the models were shown their mirror images too, as the profile's ``pretraining.flip`` says: then the
        constant answer counts them.
    kinds : mapping of patient to kinds of finding, optional
        As `selip_core.downstream.yardsticks.kinds_of_patients` returns them.
    """
    if not len(pairs):
        raise SelipError(NOTHING_TO_EVALUATE.format("test"))
    texts = list(dict.fromkeys(pairs.texts))
    similarity = similarity_matrix(texts)
    normal_text = np.array([text == NORMAL_STATEMENT for text in texts])
    shown = None if train is None else train.shown(flip=flip)
    reports, of_image, mirrored = distinct_reports(pairs.findings, flip=True)
    asked = [sentence_of(report) for report in reports]  # the gallery, and behind it the mirror images that it lacks
    sided, mirrored = torch.from_numpy(mirrored != of_image), torch.from_numpy(mirrored)
    tables = []
    for (method, seed), scores in _scores(models, pairs, asked, shown, device):
        of_mirror = scores.gather(1, mirrored[:, None])[:, 0].where(sided, torch.nan)
        scores = scores[:, : len(texts)]
        table = retrieval_table(scores, of_image, similarity, patients=pairs.patients, sequences=pairs.sequences)
        image = table["direction"] == DIRECTIONS[0]
        table["normal"] = normal_text[np.where(image, of_image[table["query"] % len(of_image)], table["query"])]
        measured = image_measures(
            scores, texts, pairs, of_mirror=of_mirror, kinds=kinds, constant=method == CONSTANT
        )
        tables.append(table.assign(method=method, seed=seed).join(measured.set_index(table.index[image])))
    return pd.concat(tables, ignore_index=True)


def _scores(
    models: dict[tuple[str, int], Path], pairs: Pairs, texts: list[str], shown: tuple[list[str], list[str]] | None,
    device: torch.device,
) -> Iterator[tuple[tuple[str, int], torch.Tensor]]:
    """Yield the scores (n, t) of the constant answer, where it is known, and of every model with `texts`."""
    if shown is not None:
        for draw, scores in enumerate(constant_answers(pairs.sequences, texts, *shown)):
            yield (CONSTANT, draw), scores
    for run, folder in models.items():
        image, text, _ = encode_pairs(SelipModel.from_pretrained(folder, device=str(device)), pairs, texts)
        yield run, image @ text.T


def example_queries(models: dict[str, Path], pairs: Pairs, *, device: torch.device, n: int, seed: int) -> list[dict]:
    """Return `n` abnormal queries drawn at random, each with its volume, true sentence and the five closest sentences.

    Parameters
    ----------
    models : dict of method to model folder; the queries take turns between them
    """
    abnormal = [i for i, text in enumerate(pairs.texts) if text != NORMAL_STATEMENT]
    drawn = np.random.default_rng(seed).permutation(abnormal)[:n]
    found = {
        method: encode_pairs(SelipModel.from_pretrained(f, device=str(device)), pairs) for method, f in models.items()
    }
    examples = []
    for place, row in enumerate(drawn):
        method = list(found)[place % len(found)]
        image, text, texts = found[method]
        best = (image[row] @ text.T).topk(min(5, len(texts)))
        examples.append({
            "volume": pairs.load(np.array([row]))[0, 0].numpy(),
            "title": f"{method} · {pairs.sequences[row]}\n{pairs.patients[row]}",
            "true": pairs.texts[row],
            "found": [(texts[i], v) for i, v in zip(best.indices.tolist(), best.values.tolist(), strict=True)],
        })  # fmt: skip
    return examples
