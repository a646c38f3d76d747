"""The model from which both methods start: same weights, same warm-started text encoder."""

from pathlib import Path

import torch

from selip_core.config import Settings
from selip_core.encoders import SelipModel, build_model
from selip_core.language_model import warm_start


def starting_model(
    settings: Settings, *, training_texts: list[str], seed: int, directory: Path, extra: dict, progress: bool = True
) -> SelipModel:
    """Return the untrained model of one seed, made once and kept in `directory`.

    CLIP and SeLIP of a seed both start here, so that what differs between them is the loss.

    Parameters
    ----------
    training_texts : list of str
        Sentences of the training patients' reports; their characters are the vocabulary of the small text encoder,
        which is warm-started on them by whole-word-masked language modelling.
    extra : dict
        For the saved configuration: preprocessing settings and fingerprint, data source. A kept model with another
        `extra` is made anew.
    """
    from selip_core.reports import tokenize

    if (directory / "config.json").exists():
        model = SelipModel.from_pretrained(directory)
        if all(model.config.get(key) == value for key, value in extra.items()):
            return model
    torch.manual_seed(seed)
    model = build_model(
        settings.image_encoder.model_dump(),
        settings.text_encoder.model_dump(),
        volume_shape=settings.preprocessing.shape,
        embedding_size=settings.pretraining.embedding_size,
        vocabulary_texts=training_texts,
        extra=extra,
    )
    if settings.text_encoder.warm_start_steps:
        model.config["warm_start_losses"] = warm_start(
            model.text_encoder,
            training_texts,
            tokenize,
            steps=settings.text_encoder.warm_start_steps,
            seed=seed,
            progress=progress,
        )
    model.save_pretrained(directory)
    return model
