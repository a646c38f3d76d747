"""Features of many volumes and texts: the one loop over batches."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
import torch
from tqdm.auto import tqdm

from selip_core._utils.hashing import code_fingerprint, digest, weights_digest
from selip_core.encoders.dual import DualEncoder
from selip_core.encoders.text import check_texts

Batch = TypeVar("Batch")


def encoding_fingerprint(model: DualEncoder) -> str:
    """Return the fingerprint of all that decides a model's features: weights, configuration, and the code that encodes.

    Features that are kept name it: those of another one are another model's.
    """
    config = model.config
    settings = json.dumps(config, sort_keys=True) if isinstance(config, dict) else config.to_json_string()
    weights = weights_digest(model), weights_digest(model.study_fusion)
    return digest(*weights, settings, code_fingerprint("encoders.inference", "encoders.model"))


@torch.inference_mode()
def encode_batches(
    model: DualEncoder, encode: Callable[[Batch], torch.Tensor], batches: Iterable[Batch]
) -> Iterator[torch.Tensor]:
    """Yield the features (b, E) float32 of each batch, on the CPU, in evaluation mode and without gradients.

    Parameters
    ----------
    encode : ``model.encode_image`` or ``model.encode_text``
    batches : of what that takes
    """
    model.eval()
    for batch in batches:
        yield encode(batch).cpu()


def encode_series(
    model: DualEncoder, volumes: np.ndarray, rows: np.ndarray, batch_size: int = 64, *, progress: bool = False
) -> np.ndarray:
    """Return unit-norm image features ``(n, E)`` of the cached volumes ``(N, 1, D, H, W)`` in `rows` (n,)."""
    if not len(rows):
        return np.empty((0, model.image_projection.out_features), np.float32)
    starts = range(0, len(rows), batch_size)
    told = tqdm(starts, desc="embedding", unit=f"{batch_size} series", disable=not progress)
    loaded = (torch.from_numpy(np.asarray(volumes[rows[i : i + batch_size]], dtype=np.float32)) for i in told)
    return torch.cat(list(encode_batches(model, model.encode_image, loaded))).numpy()


def encode_texts(model: DualEncoder, texts: list[str], batch_size: int = 256) -> np.ndarray:
    """Return unit-norm text features ``(t, E)``; errors as `DualEncoder.encode_text`."""
    check_texts(texts)
    if not len(texts):
        return np.empty((0, model.text_projection.out_features), np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")  # short ones are not padded to long ones
    parts = ([texts[i] for i in order[at : at + batch_size]] for at in range(0, len(texts), batch_size))
    return torch.cat(list(encode_batches(model, model.encode_text, parts))).numpy()[order.argsort()]
