"""A trained model beats the constant answer, and one that was trained on shuffled pairs does not.

On a made cohort: what is frequent in a sequence is a good guess, and the volume shows more. A suite whose models do not
look at the image would still find sentences far above chance, by the sequence alone.
"""

import numpy as np
import pytest
import torch

from selip_core.config import get_settings
from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.downstream.yardsticks import image_measures
from selip_core.encoders.model import build_model
from selip_core.encoders.templates import volume_statistics
from selip_core.metrics.resampling import paired_difference
from selip_core.metrics.yardsticks import constant_answers
from selip_core.pretraining.loop import pretrain
from selip_core.pretraining.validation import encode_pairs

SHAPE = (8, 32, 32)
SITES = ["左侧额叶", "右侧额叶", "左侧丘脑", "右侧丘脑", "左侧枕叶", "右侧枕叶", "左侧颞叶", "右侧颞叶"]
SIGNAL = {"T1": "长信号", "T2": "高信号", "DWI": "信号增高"}
MEASURE = "side and site F1, first"


def made_pairs(first, n):
    """Return `n` patients with one series each: the anatomy of its sequence, noise, and a block where the text says."""
    rng = np.random.default_rng(first)
    anatomy = {
        name: np.kron(np.random.default_rng(i).normal(0, 1, (2, 4, 4)), np.ones((4, 8, 8)))
        for i, name in enumerate(SIGNAL)
    }
    anatomy = {name: (values + values[..., ::-1]) / 2 for name, values in anatomy.items()}
    share = 1 / np.arange(1, len(SITES) + 1)
    sequences = rng.choice(list(SIGNAL), n).tolist()
    sites = rng.choice(len(SITES), n, p=share / share.sum())
    volumes = np.stack([anatomy[name] for name in sequences])[:, None] + rng.normal(0, 0.3, (n, 1, *SHAPE))
    for i, site in enumerate(sites):
        row, side = divmod(int(site), 2)
        volumes[i, 0, 2:6, 8 * row + 2 : 8 * row + 6, 22 * side + 2 : 22 * side + 8] += 1.5
    texts = [f"在{SITES[site]}表现为{SIGNAL[name]}" for site, name in zip(sites, sequences, strict=True)]
    patients = [f"P{first + i}" for i in range(n)]
    return Pairs(volumes.astype(np.float16), np.arange(n), findings_of(texts), patients, sequences)


def shuffled(pairs):
    """Return the pairs with the sentences of each sequence dealt anew: all statistics stay, but for what is shown."""
    rng, findings, names = np.random.default_rng(0), list(pairs.findings), np.array(pairs.sequences)
    for name in SIGNAL:
        places = np.flatnonzero(names == name)
        for place, other in zip(places, rng.permutation(places), strict=True):
            findings[place] = pairs.findings[other]
    return Pairs(pairs.volumes, pairs.rows, findings, pairs.patients, pairs.sequences)


@pytest.fixture(scope="module")
def cohort():
    return {"train": made_pairs(0, 300), "validation": made_pairs(1000, 60), "test": made_pairs(2000, 120)}


def trained_less_constant(train, cohort, folder, method_weight=0.0):
    """Return the difference in F1 of side and site, a model trained on `train` less the constant answer."""
    torch.manual_seed(0)
    model = build_model(
        {"name": "small", "pooling": "located", "width": 16, "blocks": 1, "templates": list(SIGNAL)},
        {"name": "small", "max_tokens": 32}, volume_shape=SHAPE, embedding_size=32,
        vocabulary_texts=sorted(set(train.texts)),
    )  # fmt: skip
    model.image_encoder.templates.load(volume_statistics(train.volumes, train.rows, train.sequences))
    settings = get_settings("smoke", pretraining={
        "batch_size": 12, "steps": 200, "warmup_steps": 10, "validate_every": 50, "soft_target_weight": method_weight,
        "learning_rate_image": 3e-3, "learning_rate_text": 3e-3, "augment": False,
    }).pretraining  # fmt: skip
    pretrain(model, {"train": train, "validation": cohort["validation"]}, settings, folder, progress=False)
    test = cohort["test"]
    image, text, texts = encode_pairs(model, test)
    ours = image_measures(image @ text.T, texts, test)[MEASURE].to_numpy()
    answers = constant_answers(test.sequences, texts, *train.shown(flip=settings.flip))
    constant = np.mean([image_measures(scores, texts, test, constant=True)[MEASURE] for scores in answers], axis=0)
    return paired_difference(constant, ours, np.array(test.patients))


@pytest.mark.parametrize("weight", [pytest.param(0.0, marks=pytest.mark.slow), 1.0])
def test_a_trained_model_beats_the_constant_answer(cohort, tmp_path, weight):
    found = trained_less_constant(cohort["train"], cohort, tmp_path / "run", weight)
    assert found.low > 0.2, found


@pytest.mark.parametrize("weight", [pytest.param(0.0, marks=pytest.mark.slow), 1.0])
def test_a_model_trained_on_shuffled_pairs_does_not(cohort, tmp_path, weight):
    found = trained_less_constant(shuffled(cohort["train"]), cohort, tmp_path / "run", weight)
    assert found.low <= 0, found
