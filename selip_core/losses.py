"""The SeLIP loss: CLIP plus a divergence from targets softened by report similarity (method.md 4)."""

import torch
from torch.nn.functional import cross_entropy, log_softmax

SMALLEST_TARGET = 1e-8
"""Targets are clamped here, so that their logarithm is finite."""


def soft_targets(similarity: torch.Tensor, include_positive: bool = True) -> torch.Tensor:
    """Return the similarity of each report to the batch as a distribution: divided by its row sum, not a softmax.

    Parameters
    ----------
    similarity : torch.Tensor
        (B, B), in [0, 1], diagonal 1.
    include_positive : bool
        Whether the diagonal stays in. Without it, a row without any similar report carries no target (all about 0)
        and adds nothing to the loss.

    Returns
    -------
    torch.Tensor
        (B, B), at least float32; rows sum to 1, but for the clamp at 1e-8 and for rows without target.

    Raises
    ------
    ValueError
        If the matrix is not square.
    """
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1]:
        raise ValueError(f"similarity must be square, (B, B), not {tuple(similarity.shape)}")
    similarity = similarity.to(torch.promote_types(similarity.dtype, torch.float32))
    if not include_positive:
        similarity = similarity - torch.diag(similarity.diagonal())
    mass = similarity.sum(dim=1, keepdim=True).clamp_min(SMALLEST_TARGET)
    return (similarity / mass).clamp_min(SMALLEST_TARGET)


def selip_loss(
    image_features: torch.Tensor,
    text_features: torch.Tensor,
    logit_scale: torch.Tensor | float,
    similarity: torch.Tensor,
    soft_target_weight: float = 1.0,
    include_positive: bool = True,
) -> dict[str, torch.Tensor]:
    """Return the loss of a batch of pairs and its two parts (method.md 4).

    Computed in float32 (float64 where the features are) under autocast too. A weight of 0 is exactly CLIP; `kl` is then
    reported without a gradient and is not part of `loss`.

    Parameters
    ----------
    image_features, text_features : torch.Tensor
        (B, E), unit norm; row i of one belongs to row i of the other.
    logit_scale : torch.Tensor or float
        The multiplier itself, not its logarithm.
    similarity : torch.Tensor
        (B, B) similarity of the reports, diagonal 1.
    soft_target_weight : float
        Weight of `kl`, at least 0.
    include_positive : bool
        Whether the pair itself is among its soft targets; if not, it is in neither targets nor softmax of `kl`.

    Returns
    -------
    dict of torch.Tensor
        Scalars ``clip``, ``kl`` and ``loss = clip + soft_target_weight · kl``, in nats.

    Raises
    ------
    ValueError
        If shapes disagree or the weight is negative.
    """
    _check(image_features, text_features, similarity, soft_target_weight)
    device = image_features.device
    dtype = torch.promote_types(image_features.dtype, torch.float32)
    with torch.autocast(device_type=device.type, enabled=False):
        logits = logit_scale * (image_features.to(dtype) @ text_features.to(dtype).T)  # (B, B), rows are images
        pairs = torch.arange(len(logits), device=device)
        clip = (cross_entropy(logits, pairs) + cross_entropy(logits.T, pairs)) / 2
        with torch.set_grad_enabled(torch.is_grad_enabled() and soft_target_weight > 0):
            target = soft_targets(similarity.to(device=device, dtype=dtype), include_positive)
            shown = [logits, logits.T]
            if not include_positive:  # without its pair a row is a distribution over the others alone
                target, *shown = (_off_diagonal(matrix) for matrix in (target, *shown))
            kl = (_divergence(target, shown[0]) + _divergence(target, shown[1])) / 2
        # Choice: at weight 0 the sum is skipped, so that CLIP's gradients carry not even a zero from the other part.
        loss = clip + soft_target_weight * kl if soft_target_weight else clip
    return {"clip": clip, "kl": kl, "loss": loss}


def _check(image: torch.Tensor, text: torch.Tensor, similarity: torch.Tensor, soft_target_weight: float) -> None:
    """Refuse what is no batch of pairs; see `selip_loss`."""
    batch = len(image)
    if image.shape != text.shape or image.ndim != 2:
        raise ValueError(
            f"image_features and text_features must both be (B, E), not {tuple(image.shape)} and {tuple(text.shape)}"
        )
    if similarity.shape != (batch, batch):
        raise ValueError(f"similarity must be ({batch}, {batch}) for {batch} pairs, not {tuple(similarity.shape)}")
    if not soft_target_weight >= 0:
        raise ValueError(f"soft_target_weight must be at least 0, not {soft_target_weight}")


def _off_diagonal(matrix: torch.Tensor) -> torch.Tensor:
    """Return the (B, B - 1) entries beside the diagonal."""
    size = len(matrix)
    return matrix[~torch.eye(size, dtype=torch.bool, device=matrix.device)].view(size, size - 1)


def _divergence(target: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return KL(target ‖ softmax(logits)) per row, averaged over the batch."""
    return (target * (target.log() - log_softmax(logits, dim=1))).sum() / len(target)
