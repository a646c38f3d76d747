"""Segmentation: a U-Net decoder on the pretrained encoder, trained end to end (method.md 6).

MONAI takes seconds to import, and is imported where it is used: the processes that prepare the volumes do without.
"""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate

from selip_core.downstream.segmentation_data import Cases
from selip_core.downstream.training import Budget, train_and_keep_best
from selip_core.encoders.image import ImageEncoder
from selip_core.errors import SelipError
from selip_core.metrics.segmentation import dice_scores
from selip_core.pretraining.augmentation import draw_parameters, intensity, warp


class Segmenter(nn.Module):
    """A U-Net whose encoder is that of a `SelipModel`; every series goes through it, their maps side by side.

    Parameters
    ----------
    encoder : ImageEncoder
    series : int
        Series of a patient that are looked at together, S.
    regions : int
        Regions that are told apart, R; they may overlap.
    shape : (D, H, W)
        Of a training volume: the size of the sliding window.
    """

    def __init__(self, encoder: ImageEncoder, *, series: int, regions: int, shape: tuple[int, int, int]):
        super().__init__()
        self.encoder, self.series, self.window = encoder, series, tuple(shape)
        encoder.eval()  # batch normalisation cannot learn from the one empty volume
        with torch.no_grad():
            empty = torch.zeros(1, 1, *shape, device=_device(encoder))
            widths = [m.shape[1] * series for m in encoder.pyramid(empty)]
        self.blocks = nn.ModuleList()
        below = widths[-1]
        for level, width in reversed(list(enumerate(widths[:-1]))):
            out = min(max(width, 8 * 2**level), 128)  # thin where the grid is fine: that is where the time goes
            self.blocks.append(nn.Sequential(*_two_convolutions(below + width, out)))
            below = out
        self.out = nn.Conv3d(below, regions, kernel_size=1)
        nn.init.constant_(self.out.bias, -4.0)  # a lesion fills a hundredth of a head: start from that, not from half

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return logits ``(B, R, D, H, W)`` of volumes ``(B, S, D, H, W)``."""
        batch = len(volumes)
        maps = self.encoder.pyramid(volumes.reshape(batch * self.series, 1, *volumes.shape[2:]))
        maps = [m.reshape(batch, -1, *m.shape[2:]) for m in maps]  # (B, S C, d, h, w)
        x = maps[-1]
        for block, skip in zip(self.blocks, maps[-2::-1], strict=True):
            x = interpolate(x, size=skip.shape[2:], mode="trilinear", align_corners=False)
            x = block(torch.cat([x, skip], dim=1))
        return self.out(x)


def _two_convolutions(width: int, out: int) -> list[nn.Module]:
    """Return two 3 x 3 x 3 convolutions with instance normalisation."""
    from monai.networks.blocks import Convolution

    return [
        Convolution(3, width if i == 0 else out, out, kernel_size=3, norm="INSTANCE", act="LEAKYRELU") for i in range(2)
    ]


def _device(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


class RegionLoss(nn.Module):
    """Dice plus binary cross-entropy, region by region: regions overlap, so they must not compete as classes do."""

    def __init__(self):
        from monai.losses import DiceLoss

        super().__init__()
        self.dice, self.cross_entropy = DiceLoss(sigmoid=True, batch=True), nn.BCEWithLogitsLoss()

    def forward(self, logits: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
        """Return the loss of logits and regions, both ``(B, R, D, H, W)``."""
        return self.dice(logits, regions) + self.cross_entropy(logits, regions)


def train_segmenter(
    encoder: ImageEncoder,
    train: Cases,
    validation: Cases,
    budget: Budget,
    *,
    seed: int,
) -> Segmenter:
    """Train a U-Net from a copy of `encoder`; return the state with the best Dice on the validation patients.

    Parameters
    ----------
    encoder : ImageEncoder
        Pretrained or not; it is not changed.
    budget : Budget
    seed : int
        Of the decoder, the batches and the augmentation: the same for all methods.

    Raises
    ------
    SelipError
        If there is no case to train or validate on, or the loss is no longer finite.
    """
    if not len(train) or not len(validation):
        raise SelipError(f"segmentation: {len(train)} training and {len(validation)} validation cases; both are needed")
    device = _device(encoder)
    torch.manual_seed(seed)
    series, regions = train.volumes.shape[1], train.regions.shape[1]
    model = Segmenter(copy.deepcopy(encoder), series=series, regions=regions, shape=train.volumes.shape[2:]).to(device)
    if device.type == "cpu":  # channels innermost: the gradients of the convolutions take it two thirds of the time
        model = model.to(memory_format=torch.channels_last_3d)
    criterion = RegionLoss()
    rng = np.random.default_rng(seed)

    def loss_of_step(step: int) -> torch.Tensor:
        # with replacement: a few-shot set is smaller than a batch
        rows = rng.integers(0, len(train), budget.batch_size)
        volumes, wanted = _augmented(train, rows, rng, seed * 1_000_003 + step, device)
        return criterion(model(volumes), wanted)

    def validation_dice(model: Segmenter) -> float:
        return float(np.nanmean(dice_scores(segment(model, validation.volumes), validation.regions)))

    train_and_keep_best(model, loss_of_step, validation_dice, budget, task="segmentation")
    return model


def _augmented(cases: Cases, rows: np.ndarray, rng: np.random.Generator, seed: int, device: torch.device | str = "cpu"):
    """Return augmented volumes and regions on a device: the same warp for both, and a mirror image half of the time.

    Intensities are changed in the volumes alone.
    """
    series = cases.volumes.shape[1]
    both = np.concatenate([cases.volumes[rows], cases.regions[rows]], axis=1, dtype=np.float32)
    both = torch.from_numpy(both).to(device)
    mirrored = torch.from_numpy(rng.random(len(rows)) < 0.5).to(device)
    both[mirrored] = both[mirrored].flip(-1)
    drawn = draw_parameters(torch.Generator().manual_seed(seed), len(both))
    both = warp(both, drawn)
    return intensity(both[:, :series], drawn), (both[:, series:] > 0.5).float()


@torch.inference_mode()
def segment(model: Segmenter, volumes: np.ndarray, *, overlap: float = 0.5, batch_size: int = 16) -> np.ndarray:
    """Return the regions ``(n, R, D, H, W)`` bool of volumes ``(n, S, D, H, W)``, by a sliding window.

    The window is of the size that the decoder was made for; a volume of that size is one window.
    """
    from monai.inferers import sliding_window_inference

    model.eval()
    device = _device(model)
    found = []
    for i in range(0, len(volumes), batch_size):
        part = torch.from_numpy(volumes[i : i + batch_size]).to(device)
        found.append((sliding_window_inference(part, model.window, 4, model, overlap=overlap) > 0).cpu())
    return torch.cat(found).numpy()
