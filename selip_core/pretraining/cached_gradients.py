"""The gradient of one large batch in the memory of a few volumes, and over several processes (GradCache).

A contrastive loss needs the features of the whole batch at once, but the encoders need not see it at once. A first pass
encodes chunk after chunk without a graph; the loss over all features (the soft-target matrix spans all chunks and all
processes) gives the gradient of each feature; a second pass encodes each chunk again, now with its graph, and
backpropagates the gradients of its features.

**Memory**: activations of one chunk; beside them the volumes, all features, ``(B, E)`` twice, and the loss's ``(B, B)``
matrices. **Time**: one more forward pass.

**What is exact**: the gradient is that of the full batch up to rounding, for every layer that treats the volumes of a
batch one by one: the small encoder (group norm), BERT (layer norm, texts padded to the longest of their chunk and
masked). Dropout draws the same in both passes.
**What is not**: batch norm (ResNet-50). Its statistics are those of the chunk, in both passes, so a chunk should not be
of few volumes; its running statistics are updated in the first pass only, chunk by chunk, and averaged over processes.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch

from selip_core.encoders.image import paused_running_statistics
from selip_core.encoders.model import SelipModel
from selip_core.pretraining.distributed import ALONE, Processes


def accumulate_gradients(
    model: SelipModel,
    volumes: torch.Tensor,
    texts: list[str],
    loss_of: Callable[[torch.Tensor, torch.Tensor], dict[str, torch.Tensor]],
    *,
    chunk_size: int | None = None,
    autocast: Callable[[], AbstractContextManager],
    scaled: Callable[[torch.Tensor], torch.Tensor],
    processes: Processes = ALONE,
) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
    """Add the gradient of a batch's loss to the parameters of `model`.

    Parameters
    ----------
    volumes : torch.Tensor
        (b, 1, D, H, W), this process's share of the batch of B.
    texts : list of B str
        Of the whole batch.
    loss_of : callable
        Image and text features of the whole batch, each (B, E), to a dict with ``loss``.
    chunk_size : int, optional
        Volumes that are encoded at once. None encodes the share at once, with one forward pass.
    autocast : callable
        Returns the context in which the encoders run; the loss stays outside of it.
    scaled : callable
        ``GradScaler.scale``.

    Returns
    -------
    What `loss_of` returned, and image and text features of the batch, without gradient.
    """

    def encode(rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
        with autocast():
            return model.encode_image(volumes[rows]), model.encode_text(own_texts[rows])

    share = processes.share(len(texts))
    own_texts = texts[share]
    chunks = _chunks(len(own_texts), chunk_size)
    if len(chunks) == 1 and processes.count == 1:  # nothing to gather: the plain step
        image, text = encode(chunks[0])
        parts = loss_of(image, text)
        scaled(parts["loss"]).backward()
        return parts, image.detach(), text.detach()
    # with one chunk the first pass keeps its graph, and there is no second one
    encoded, states = ([encode(chunks[0])], []) if len(chunks) == 1 else _first_pass(encode, chunks, model.device)
    parts = (torch.cat(part) for part in zip(*encoded, strict=True))
    image, text = (processes.gather(part, len(texts)).requires_grad_() for part in parts)
    parts = loss_of(image, text)
    scaled(parts["loss"]).backward()
    if not processes.is_main and model.log_logit_scale.grad is not None:
        model.log_logit_scale.grad.zero_()  # every process has the whole of it
    gradients = image.grad[share], text.grad[share]
    if states:
        _second_pass(encode, chunks, states, gradients, model)
    else:
        torch.autograd.backward([*encoded[0]], [*gradients])
    processes.sum_gradients(model)
    return parts, image.detach(), text.detach()


def _chunks(size: int, chunk_size: int | None) -> list[slice]:
    """Return the rows of a share of `size` that are encoded at once."""
    step = min(chunk_size or size, size)
    return [slice(first, min(first + step, size)) for first in range(0, size, step)]


@torch.no_grad()
def _first_pass(encode: Callable, chunks: list[slice], device: torch.device) -> tuple[list, list]:
    """Return the features of each chunk, and the random state before it."""
    encoded, states = [], []
    for chunk in chunks:
        states.append(_random_state(device))
        encoded.append(encode(chunk))
    return encoded, states


def _second_pass(encode: Callable, chunks: list[slice], states: list, gradients: tuple, model: SelipModel) -> None:
    """Encode each chunk as before, now with its graph, and backpropagate the gradients of its features."""
    for chunk, state in zip(chunks, states, strict=True):
        _set_random_state(state, model.device)
        with paused_running_statistics(model):
            torch.autograd.backward([*encode(chunk)], [gradient[chunk] for gradient in gradients])


def _random_state(device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def _set_random_state(state: tuple[torch.Tensor, torch.Tensor | None], device: torch.device) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)
