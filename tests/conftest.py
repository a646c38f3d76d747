"""Shared fixtures: devices, and a tiny model."""

import os

import matplotlib
import pytest
import torch

from selip_core._utils.parallel import processors
from tests.helpers.data import SENTENCES, SHAPE

matplotlib.use("Agg")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else min(2, processors()))


@pytest.fixture(autouse=True, scope="session")
def fonts():
    from selip_core.plotting.fonts import register_fonts

    register_fonts()


@pytest.fixture(
    params=["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA"))]
)
def device(request):
    return request.param


@pytest.fixture
def tiny_model():
    from selip_core.encoders.model import build_model

    torch.manual_seed(0)
    return build_model(
        {"name": "small", "pooling": "located", "width": 8},
        {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE,
        embedding_size=16,
        vocabulary_texts=SENTENCES,
        extra={"data_source": "a test"},
    )
