"""What decides the numbers of an untrained model: its seed, how it is built, and how its text encoder is warmed."""

from collections.abc import Callable

import torch

from selip_core.config import Settings
from selip_core.encoders.model import SelipModel, build_model


def untrained_model(
    settings: Settings,
    training_texts: list[str],
    *,
    seed: int,
    extra: dict,
    warm_start: Callable[..., list[float]],
) -> SelipModel:
    """Return the model of a seed before it is pretrained.

    Parameters
    ----------
    training_texts : list of str
        Their characters are the vocabulary of the small text encoder.
    extra : dict
        Of the saved configuration.
    warm_start : callable
        `selip_core.pretraining.warm_start.warm_start` that knows how to segment; called where the settings ask for
        steps of it. It is given and not imported here, for this module's fingerprint stands for starts without it as
        well, which no word of the lexicon changes.
    """
    torch.manual_seed(seed)
    model = build_model(
        settings.image_encoder.model_dump(),
        settings.text_encoder.model_dump(),
        volume_shape=settings.preprocessing.shape,
        embedding_size=settings.pretraining.embedding_size,
        vocabulary_texts=training_texts,
        extra=extra,
    )
    if steps := settings.text_encoder.warm_start_steps:
        losses = warm_start(model.text_encoder, training_texts, steps=steps, seed=seed)
        model.config["warm_start_losses"] = losses
    return model
