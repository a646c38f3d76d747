"""Image encoders: the released 3D ResNet-50, and a small network that keeps location."""

from contextlib import nullcontext
from functools import partial

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from selip_core.encoders.batch_norm import paused_running_statistics

POOLINGS = ("average", "attention", "located")


def build_image_encoder(name: str, *, shape: tuple[int, int, int], pooling: str, width: int) -> nn.Module:
    """Return a module ``(B, 1, D, H, W) -> (B, features)`` with the attribute ``out_features``.

    Parameters
    ----------
    name : {"small", "resnet50"}
    shape : (D, H, W) of the volumes; only ``located`` pooling depends on it.
    pooling : {"average", "attention", "located"}
        What turns the feature map into one vector. ``average`` is the released model's. ``located`` reduces the
        channels and flattens, so that the place of a finding survives.
    width : int
        Channels of the small network; the ResNet-50 has its own.

    Raises
    ------
    ValueError
        If `name` or `pooling` is unknown.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"unknown pooling {pooling!r}: choose one of {', '.join(POOLINGS)}")
    if name == "small":
        trunk, channels = _SmallTrunk(width), 2 * width
    elif name == "resnet50":
        trunk, channels = _resnet50_trunk(), 2048
    else:
        raise ValueError(f"unknown image encoder {name!r}: choose small or resnet50")
    return ImageEncoder(trunk, channels, shape, pooling)


class ImageEncoder(nn.Module):
    """A convolutional trunk and a pooling; ``features`` gives the map that a segmentation decoder starts from."""

    def __init__(self, trunk: nn.Module, channels: int, shape: tuple[int, int, int], pooling: str):
        super().__init__()
        self.trunk = trunk
        self.pooling = pooling
        if pooling == "located":
            grid = trunk.grid(shape)
            self.reduce = nn.Conv3d(channels, 16, kernel_size=1)
            self.out_features = 16 * grid[0] * grid[1] * grid[2]
        else:
            self.reduce = nn.Conv3d(channels, 1, kernel_size=1) if pooling == "attention" else nn.Identity()
            self.out_features = channels

    def features(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return the feature map ``(B, C, d, h, w)`` of volumes ``(B, 1, D, H, W)``."""
        return self.trunk(volumes)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        maps = self.features(volumes)  # (B, C, d, h, w)
        if self.pooling == "average":
            return maps.mean(dim=(2, 3, 4))  # (B, C)
        if self.pooling == "attention":
            weights = self.reduce(maps).flatten(2).softmax(dim=-1)  # (B, 1, dhw)
            return (maps.flatten(2) * weights).sum(dim=-1)  # (B, C)
        return self.reduce(maps).flatten(1)  # (B, 16 dhw)


def _in_blocks(blocks: nn.Sequential, x: torch.Tensor, checkpointing: bool) -> torch.Tensor:
    """Run one block after the other; checkpointed, only what enters a block is kept, the rest is computed again."""
    for block in blocks:
        if checkpointing and torch.is_grad_enabled():
            again = partial(paused_running_statistics, block)  # batch norm has counted these volumes already
            x = checkpoint(block, x, use_reentrant=False, context_fn=lambda again=again: (nullcontext(), again()))
        else:
            x = block(x)
    return x


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
    """A patch stem, three residual blocks, one halving of the grid, two more blocks.

    # Choice: on the embedded cohort global pooling lost the site of a finding, which half of every sentence states.
    """

    def __init__(self, width: int):
        super().__init__()
        self.checkpointing = False
        self.stem = nn.Sequential(nn.Conv3d(1, width, (2, 4, 4), stride=(2, 4, 4), bias=False), nn.GroupNorm(8, width))
        self.stage1 = nn.Sequential(*[_Block(width) for _ in range(3)])
        self.widen = nn.Sequential(nn.Conv3d(width, 2 * width, 1, bias=False), nn.GroupNorm(8, 2 * width))

    @staticmethod
    def grid(shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the size of the feature map for volumes of `shape`."""
        return shape[0] // 2, shape[1] // 4, shape[2] // 4

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.widen(_in_blocks(self.stage1, self.stem(volumes), self.checkpointing)))


class _ResNetTrunk(nn.Module):
    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net
        self.checkpointing = False

    @staticmethod
    def grid(shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the size of the feature map for volumes of `shape`."""

        def halved(size: int, times: int) -> int:
            for _ in range(times):
                size = (size + 1) // 2
            return size

        return halved(shape[0], 3), halved(shape[1], 5), halved(shape[2], 5)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        net = self.net
        x = net.maxpool(net.act(net.bn1(net.conv1(volumes))))
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = _in_blocks(layer, x, self.checkpointing)
        return x


def _resnet50_trunk() -> nn.Module:
    """Return MONAI's ResNet-50 with the released stem (METHOD 2).

    MONAI's own differs in two places, both set here: the stem's stride is (1, 2, 2), and the max-pool is
    (1, 3, 3) with stride (1, 2, 2), so that thick slices keep their number up to the second stage.
    """
    from monai.networks.nets import resnet50

    net = resnet50(spatial_dims=3, n_input_channels=1, conv1_t_size=7, conv1_t_stride=(1, 2, 2), feed_forward=False)
    net.maxpool = nn.MaxPool3d(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    return _ResNetTrunk(net)
