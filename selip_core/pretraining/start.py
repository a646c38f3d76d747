"""The model from which both methods start: same weights, same warm-started text encoder."""

import json
from functools import partial
from pathlib import Path

import numpy as np

from selip_core._utils.files import read_json
from selip_core._utils.hashing import code_fingerprint, digest
from selip_core.config import Settings
from selip_core.datasets.pairs import Pairs
from selip_core.encoders.model import SelipModel
from selip_core.encoders.templates import volume_statistics
from selip_core.pretraining.untrained import untrained_model
from selip_core.pretraining.warm_start import warm_start
from selip_core.reports.parser import tokenize
from selip_core.sequences import TABLE


def starting_model(
    settings: Settings, *, training: Pairs, seed: int, directory: Path, extra: dict, progress: bool = True
) -> SelipModel:
    """Return the untrained model of one seed, made once and kept in `directory`.

    CLIP and SeLIP of a seed both start here, so that what differs between them is the loss.

    Parameters
    ----------
    training : Pairs
        Of the training patients. The characters of their sentences are the vocabulary of the small text encoder, which
        is warm-started on them by whole-word-masked language modelling; of their volumes the templates are made.
    extra : dict
        For the saved configuration: preprocessing settings and fingerprint, data source. A model kept from another
        `extra`, other texts, settings or code is made anew.
    """
    steps, training_texts = settings.text_encoder.warm_start_steps, sorted(set(training.texts))
    statistics = template_statistics(training) if settings.image_encoder.templates else {}
    encoders = [settings.image_encoder, settings.text_encoder, settings.preprocessing]
    parts = [*(s.model_dump_json() for s in encoders), str(settings.pretraining.embedding_size), str(seed)]
    parts += [digest(name, *(values.tobytes() for values in pair)) for name, pair in statistics.items()]
    parts += [digest(*training_texts), json.dumps(extra, sort_keys=True), code_fingerprint("pretraining.untrained")]
    if steps:  # the lexicon's words are masked whole: without a warm start no word of it matters
        parts.append(code_fingerprint("pretraining.warm_start", "reports.parser"))
    extra = {**extra, "start_fingerprint": digest(*parts)}
    if (read_json(directory / "config.json") or {}).get("start_fingerprint") == extra["start_fingerprint"]:
        return SelipModel.from_pretrained(directory)
    warm = partial(warm_start, segment=tokenize, progress=progress)
    model = untrained_model(
        settings, training_texts, statistics=statistics, seed=seed, extra=extra, warm_start=warm
    )
    model.save_pretrained(directory)
    return model


def template_statistics(training: Pairs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return mean and deviation of the training volumes by sequence, as `volume_statistics` does, for the templates.

    # Choice: what is acquired on suspicion has none. It looks like the sequence without contrast medium, whose template
    it takes: with one of its own, a quarter of the T1 volumes took that of T1ce.
    """
    usual = [i for i, name in enumerate(training.sequences) if name not in TABLE or not TABLE[name].indicated]
    return volume_statistics(training.volumes, training.rows[usual], [training.sequences[i] for i in usual])
