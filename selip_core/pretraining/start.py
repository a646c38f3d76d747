"""The model from which all methods start: same weights, same warm-started text encoder, same templates."""

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
        is warm-started on them (`selip_core.pretraining.warm_start`); of their volumes the templates are made.
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


def take_templates_of(model: SelipModel, training: Pairs) -> SelipModel:
    """Make the templates of a starting model anew, of these volumes alone; return the model, which is changed.

    For a run on a share of the patients: templates of all would hold the volumes of those that it may not know. The
    configuration tells, by another ``start_fingerprint``, that the model is no longer the one that was started from.

    # Choice: a sequence of which the share has too few volumes keeps the template of all training patients. Without it
    # its volumes would take that of another sequence, and the encoder of a share could no longer be held against that
    # of all patients. It is the one thing that volumes outside the share decide.

    Parameters
    ----------
    model : SelipModel
        From `starting_model`; one that has no templates is left as it is.
    training : Pairs
        Of the share's patients.
    """
    templates = model.image_encoder.templates
    if not templates.names:
        return model
    own = template_statistics(training)
    tables = (templates.mean, templates.deviation)
    kept = {name: tuple(t[i, 0].cpu().numpy() for t in tables) for i, name in enumerate(templates.names)}
    statistics = {name: own.get(name, pair) for name, pair in kept.items()}
    templates.load(statistics)
    parts = [digest(name, *(values.tobytes() for values in pair)) for name, pair in statistics.items()]
    model.config["start_fingerprint"] = digest(str(model.config.get("start_fingerprint")), *parts)
    return model
