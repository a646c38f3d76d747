"""The smallest pretraining: pairs of which the text is plain to see, a model, a run of a few steps."""

import numpy as np
import torch

from selip_core.config import get_settings
from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.downstream.retrieval import evaluate_runs
from selip_core.encoders.model import build_model
from selip_core.pretraining.loop import pretrain
from tests.helpers.data import SHAPE, made_statistics

SITES = ["左侧额叶", "右侧额叶", "左侧丘脑", "右侧丘脑", "左侧枕叶", "右侧枕叶", "双侧顶叶", "脑桥"]
TEXTS = [f"在{site}表现为{look}" for site in SITES for look in ("斑片状长信号", "点状高信号")]


def tiny_pairs(n=48, seed=0):
    """Return volumes in which the text is plain to see: one bright voxel block a site, bright or dark by appearance."""
    rng = np.random.default_rng(seed)
    volumes = rng.normal(0, 0.1, (n, 1, *SHAPE)).astype(np.float16)
    texts = [TEXTS[i % len(TEXTS)] for i in range(n)]
    for i in range(n):
        site, bright = divmod(i % len(TEXTS), 2)
        d, h = divmod(site, 4)
        volumes[i, 0, 2 * d : 2 * d + 2, 4 * h : 4 * h + 4, :8] += 2.0 * (2 * bright - 1)
    return Pairs(volumes, np.arange(n), findings_of(texts), [f"P{i:03d}" for i in range(n)], ["T1"] * n)


def tiny_settings(**changes):
    values = {
        "batch_size": 8, "steps": 12, "warmup_steps": 3, "validate_every": 4, "learning_rate_image": 3e-3,
        "learning_rate_text": 3e-3, "flip": False,
    }  # fmt: skip
    return get_settings("smoke", pretraining={**values, **changes}).pretraining


def fresh_model(seed=0):
    torch.manual_seed(seed)
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8, "blocks": 1, "templates": list(made_statistics())},
        {"name": "small", "max_tokens": 32}, volume_shape=SHAPE, embedding_size=16, vocabulary_texts=TEXTS,
    )  # fmt: skip
    model.image_encoder.templates.load(made_statistics())
    return model


def run(directory, weight=1.0, model=None, device="cpu", **changes):
    model = (model or fresh_model()).to(device)
    pairs = tiny_pairs()
    settings = tiny_settings(soft_target_weight=weight, **changes)
    done = pretrain(model, {"train": pairs, "validation": pairs}, settings, directory, progress=False)
    return model, done


def retrieval_study(folder):
    """Return two untrained models a method, tiny pairs of which two are normal, and their queries."""
    pairs = tiny_pairs(24)
    pairs = Pairs(pairs.volumes, pairs.rows, [()] * 2 + pairs.findings[2:], pairs.patients, pairs.sequences)
    models = {(m, s): folder / f"{m}{s}" for m in ("CLIP", "SeLIP") for s in (0, 1)}
    for number, path in enumerate(models.values()):
        fresh_model(seed=number).save_pretrained(path)
    return models, pairs, evaluate_runs(models, pairs, device=torch.device("cpu"))
