"""Shared fixtures: devices, and a tiny model."""

import os

import matplotlib
import pytest
import torch

from selip_core.processors import processors

matplotlib.use("Agg")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.set_num_threads(min(2, processors()))

SHAPE = (4, 16, 16)
SENTENCES = ["在左侧额叶表现为斑片状长信号", "在右侧丘脑表现为点状高信号", "在双侧侧脑室旁白质表现为多发斑点状高信号"]


@pytest.fixture(autouse=True, scope="session")
def fonts():
    from selip_core.fonts import register_fonts

    register_fonts()


@pytest.fixture(
    params=["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA"))]
)
def device(request):
    return request.param


@pytest.fixture
def tiny_model():
    from selip_core.encoders import build_model

    torch.manual_seed(0)
    return build_model(
        {"name": "small", "pooling": "located", "width": 8},
        {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE,
        embedding_size=16,
        vocabulary_texts=SENTENCES,
        extra={"data_source": "a test"},
    )
