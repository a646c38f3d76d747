"""Image encoders: the released 3D ResNet-50, and a small network that keeps location.

A new one is a `Trunk`, a line in `TRUNKS`, and its name in `selip_core.config.ImageEncoderName`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Protocol, get_args

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from selip_core.config import Pooling
from selip_core.encoders.templates import Templates


class Trunk(Protocol):
    """The part of an image encoder before the pooling, a module: volumes in, feature maps out.

    Attributes
    ----------
    channels : int
        C of the feature map.
    checkpointing : bool
        Whether activations are computed again in the backward pass instead of being kept; false at first.
    """

    channels: int
    checkpointing: bool

    def grid(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the size (d, h, w) of the feature map of volumes of `shape` (D, H, W)."""

    def pyramid(self, volumes: torch.Tensor) -> list[torch.Tensor]:
        """Return the volumes and the feature maps, finest first, the last as `__call__`: what a decoder climbs up."""

    def __call__(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return the feature map ``(B, C, d, h, w)`` of volumes ``(B, 1, D, H, W)``."""


def build_image_encoder(
    name: str, *, shape: tuple[int, int, int], pooling: str, width: int, blocks: int = 3, templates: Sequence[str] = ()
) -> nn.Module:
    """Return a module ``(B, 1, D, H, W) -> (B, features)`` with the attribute ``out_features``.

    Parameters
    ----------
    name : str
        Of `TRUNKS`: ``small``, ``resnet50``.
    shape : (D, H, W) of the volumes; only ``located`` pooling depends on it.
    pooling : {"average", "attention", "located"}
        What turns the feature map into one vector. ``average`` is the released model's. ``located`` reduces the
        channels and flattens, so that the place of a finding survives.
    width, blocks : int
        Channels and residual blocks of the small network; the ResNet-50 has its own.
    templates : sequence of str
        The sequences whose training volumes others are measured against; none, and volumes are seen as they are.

    Raises
    ------
    ValueError
        If `name` or `pooling` is unknown.
    """
    poolings = get_args(Pooling)
    if pooling not in poolings:
        raise ValueError(f"unknown pooling {pooling!r}: choose one of {', '.join(poolings)}")
    if name not in TRUNKS:
        raise ValueError(f"unknown image encoder {name!r}: choose one of {', '.join(TRUNKS)}")
    return ImageEncoder(TRUNKS[name](width, blocks), shape, pooling, templates)


class ImageEncoder(nn.Module):
    """Templates, a trunk and a pooling; ``pyramid`` gives the maps that a segmentation decoder starts from."""

    def __init__(self, trunk: Trunk, shape: tuple[int, int, int], pooling: str, templates: Sequence[str] = ()):
        super().__init__()
        self.templates = Templates(templates, shape)
        self.trunk = trunk
        self.pooling = pooling
        channels = trunk.channels
        if pooling == "located":
            grid = trunk.grid(shape)
            self.reduce = nn.Conv3d(channels, 16, kernel_size=1)
            self.out_features = 16 * grid[0] * grid[1] * grid[2]
        else:
            self.reduce = nn.Conv3d(channels, 1, kernel_size=1) if pooling == "attention" else nn.Identity()
            self.out_features = channels

    def features(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return the feature map ``(B, C, d, h, w)`` of volumes ``(B, 1, D, H, W)``."""
        return self.trunk(self.templates(volumes))

    def pyramid(self, volumes: torch.Tensor) -> list[torch.Tensor]:
        """Return the volumes ``(B, 1, D, H, W)`` and the feature maps, finest first, the last that of `features`.

        # Choice: the volumes as they are: an outline follows edges of the image, of which the templates take some away.
        # On 130 embedded BraTS patients the Dice of core, enhancing and whole rose from 0.57, 0.35 and 0.69 to 0.60,
        # 0.43 and 0.69.
        """
        return [volumes, *self.trunk.pyramid(self.templates(volumes))[1:]]

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        maps = self.features(volumes)  # (B, C, d, h, w)
        if self.pooling == "average":
            return maps.mean(dim=(2, 3, 4))  # (B, C)
        if self.pooling == "attention":
            weights = self.reduce(maps).flatten(2).softmax(dim=-1)  # (B, 1, dhw)
            return (maps.flatten(2) * weights).sum(dim=-1)  # (B, C)
        return self.reduce(maps).flatten(1)  # (B, 16 dhw)


@contextmanager
def paused_running_statistics(module: nn.Module) -> Iterator[None]:
    """Leave the running statistics of every batch-norm layer as they are; the layers normalise as before.

    For a second forward pass over volumes that a first one has counted: cached gradients, activation checkpointing.
    """
    layers = [m for m in module.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    kept = [(layer.momentum, layer.num_batches_tracked.clone()) for layer in layers]
    for layer in layers:
        layer.momentum = 0.0  # the buffers stay in the graph's inputs, so that a recomputed pass saves the same tensors
    try:
        yield
    finally:
        for layer, (momentum, counted) in zip(layers, kept, strict=True):
            layer.momentum = momentum
            layer.num_batches_tracked.copy_(counted)


def _in_blocks(blocks: nn.Sequential, x: torch.Tensor, checkpointing: bool) -> torch.Tensor:
    """Run one block after the other; checkpointed, only what enters a block is kept, the rest is computed again."""
    for block in blocks:
        if checkpointing and torch.is_grad_enabled():
            # compiled, what is computed again counts nothing, and a context of ours would not be traced
            counted = {} if torch.compiler.is_compiling() else {"context_fn": partial(_first_and_again, block)}
            x = checkpoint(block, x, use_reentrant=False, **counted)
        else:
            x = block(x)
    return x


def _first_and_again(block: nn.Module) -> tuple[AbstractContextManager, AbstractContextManager]:
    """Return the contexts of a checkpointed block's two passes: in the second batch norm has counted its volumes."""
    return nullcontext(), paused_running_statistics(block)


class _Block(nn.Module):
    """Two 3x3x3 convolutions with group normalisation, which does not mix the volumes of a batch."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
            nn.ReLU(inplace=True),
            nn.Conv3d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.body(x))


class _SmallTrunk(nn.Module):
    """A patch stem and residual blocks on a grid of patches, twice as many channels at the end.

    # Choice: on the embedded cohort global pooling lost the site of a finding, which half of every sentence states.
    """

    def __init__(self, width: int, blocks: int):
        super().__init__()
        self.channels, self.checkpointing = 2 * width, False
        self.stem = nn.Sequential(nn.Conv3d(1, width, (2, 4, 4), stride=(2, 4, 4), bias=False), nn.GroupNorm(8, width))
        self.stage1 = nn.Sequential(*[_Block(width) for _ in range(blocks)])
        self.widen = nn.Sequential(nn.Conv3d(width, 2 * width, 1, bias=False), nn.GroupNorm(8, 2 * width))

    @staticmethod
    def grid(shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the size of the feature map for volumes of `shape`."""
        return shape[0] // 2, shape[1] // 4, shape[2] // 4

    def pyramid(self, volumes: torch.Tensor) -> list[torch.Tensor]:
        """Return the volumes, these at half their size in plane, and the feature map.

        The stem leaps from the volume to a quarter of its resolution; the volume at half of it stands between.
        """
        return [volumes, nn.functional.avg_pool3d(volumes, (1, 2, 2)), self(volumes)]

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.widen(_in_blocks(self.stage1, self.stem(volumes), self.checkpointing)))


class _ResNetTrunk(nn.Module):
    """MONAI's ResNet-50 with the released stem (method.md 2).

    MONAI's own differs in two places, both set here: the stem's stride is (1, 2, 2), and the max-pool is
    (1, 3, 3) with stride (1, 2, 2), so that thick slices keep their number up to the second stage.
    """

    def __init__(self):
        from monai.networks.nets import resnet50

        super().__init__()
        self.channels, self.checkpointing = 2048, False
        self.net = resnet50(
            spatial_dims=3, n_input_channels=1, conv1_t_size=7, conv1_t_stride=(1, 2, 2), feed_forward=False
        )
        self.net.maxpool = nn.MaxPool3d(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))

    @staticmethod
    def grid(shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the size of the feature map for volumes of `shape`."""

        def halved(size: int, times: int) -> int:
            for _ in range(times):
                size = (size + 1) // 2
            return size

        return halved(shape[0], 3), halved(shape[1], 5), halved(shape[2], 5)

    def pyramid(self, volumes: torch.Tensor) -> list[torch.Tensor]:
        """Return the volumes, the stem's map before its max-pool, and the map of each of the four layers."""
        maps = [volumes, self._stem(volumes)]
        x = self.net.maxpool(maps[-1])
        for layer in self._layers():
            x = _in_blocks(layer, x, self.checkpointing)
            maps.append(x)
        return maps

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        x = self.net.maxpool(self._stem(volumes))
        for layer in self._layers():  # not the end of `pyramid`, which would keep every map in memory
            x = _in_blocks(layer, x, self.checkpointing)
        return x

    def _stem(self, volumes: torch.Tensor) -> torch.Tensor:
        return self.net.act(self.net.bn1(self.net.conv1(volumes)))

    def _layers(self) -> tuple[nn.Sequential, ...]:
        return self.net.layer1, self.net.layer2, self.net.layer3, self.net.layer4


TRUNKS: dict[str, Callable[[int, int], Trunk]] = {
    "small": _SmallTrunk,
    "resnet50": lambda width, blocks: _ResNetTrunk(),
}
"""From ``image_encoder.width`` and ``.blocks`` to a trunk, by `config.ImageEncoderName`."""
