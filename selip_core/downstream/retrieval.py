"""Retrieval of every method and seed on the test patients: one table of queries, and examples."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.encoders.model import SelipModel
from selip_core.metrics.retrieval import retrieval_table
from selip_core.pretraining.validation import encode_pairs
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.scores import similarity_matrix


def evaluate_runs(models: dict[tuple[str, int], Path], pairs: Pairs, *, device: torch.device) -> pd.DataFrame:
    """Return the queries of every run: `retrieval_table` with ``method``, ``seed`` and ``normal``.

    Parameters
    ----------
    models : dict of (method, seed) to the folder of its model
    pairs : Pairs of the split to evaluate on
    """
    tables = []
    for (method, seed), folder in models.items():
        model = SelipModel.from_pretrained(folder, device=str(device))
        image, text, texts = encode_pairs(model, pairs)
        number = {t: i for i, t in enumerate(texts)}
        of_image = np.array([number[t] for t in pairs.texts])
        table = retrieval_table(
            image @ text.T, of_image, similarity_matrix(texts), patients=pairs.patients, sequences=pairs.sequences
        )
        text_of_query = np.where(
            table["direction"] == "image to text", of_image[table["query"] % len(of_image)], table["query"]
        )
        normal = np.array([t == NORMAL_STATEMENT for t in texts])[text_of_query]
        tables.append(table.assign(method=method, seed=seed, normal=normal))
    return pd.concat(tables, ignore_index=True)


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
