"""What decides the numbers of an untrained model: its seed, how it is built, and how its text encoder is warmed."""

from collections.abc import Callable

import numpy as np
import torch

from selip_core.config import Settings
from selip_core.encoders.model import SelipModel, build_model


def untrained_model(
    settings: Settings,
    training_texts: list[str],
    *,
    statistics: dict[str, tuple[np.ndarray, np.ndarray]],
    seed: int,
    extra: dict,
    warm_start: Callable[..., list[float]],
) -> SelipModel:
    """Return the model of a seed before it is pretrained.

    Parameters
    ----------
    training_texts : list of str
        Their characters are the vocabulary of the small text encoder.
    statistics : dict of sequence to (mean, deviation)
        Of the training volumes, for the templates of the image encoder; none, and it has none.
    extra : dict
        Of the saved configuration.
    warm_start : callable
        `selip_core.pretraining.warm_start.warm_start` that knows how to segment; called where the settings ask for
        steps of it. It is given and not imported here, for this module's fingerprint stands for starts without it as
        well, which no word of the lexicon changes.
    """
    torch.manual_seed(seed)
    model = build_model(
        {**settings.image_encoder.model_dump(), "templates": list(statistics)},
        settings.text_encoder.model_dump(),
        volume_shape=settings.preprocessing.shape,
        embedding_size=settings.pretraining.embedding_size,
        vocabulary_texts=training_texts,
        extra=extra,
    )
    model.image_encoder.templates.load(statistics)
    steps = settings.text_encoder.warm_start_steps
    if steps and settings.text_encoder.name == "small":  # published weights are not to be trained away
        losses = warm_start(model.text_encoder, training_texts, steps=steps, seed=seed)
        model.config["warm_start_losses"] = losses
    return model
