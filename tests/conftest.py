"""Shared fixtures: devices, and a tiny model."""

import os

import matplotlib
import pytest
import torch

from selip_core._utils.parallel import processors
from tests.helpers.data import SENTENCES, SHAPE, made_statistics

matplotlib.use("Agg")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.backends.cudnn.allow_tf32 = False  # float32 on a card is compared with float32
if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and hasattr(os, "sched_setaffinity"):
    # a core of its own: what starts a process a core by itself starts none, which took a third of the tests of ingest
    mine = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {mine[int(worker.removeprefix("gw")) % len(mine)]})
torch.set_num_threads(1 if worker else min(2, processors()))


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
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8, "blocks": 1, "templates": list(made_statistics())},
        {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE,
        embedding_size=16,
        vocabulary_texts=SENTENCES,
        extra={"data_source": "a test"},
    )
    model.image_encoder.templates.load(made_statistics())
    return model
