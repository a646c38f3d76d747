import numpy as np
import pytest
import torch

from selip_core.losses import selip_loss, soft_targets
from tests.helpers.reports import golden_cases


def features(n=6, size=8, seed=0, device="cpu"):
    generator = torch.Generator().manual_seed(seed)
    made = [torch.nn.functional.normalize(torch.randn(n, size, generator=generator), dim=-1) for _ in range(2)]
    similarity = torch.rand(n, n, generator=generator) * (torch.rand(n, n, generator=generator) < 0.4)
    similarity = torch.maximum(similarity, similarity.T).fill_diagonal_(1)
    return [x.to(device) for x in (*made, similarity)]


def by_loops(image, text, scale, similarity, include_positive=True):
    """The formula of method.md 4, term by term."""
    n = len(image)
    logits = scale * image.double().numpy() @ text.double().numpy().T
    target = similarity.double().numpy().copy()
    if not include_positive:
        np.fill_diagonal(target, 0)
    sums = target.sum(1, keepdims=True)
    target = np.clip(np.divide(target, sums, out=np.zeros_like(target), where=sums > 0), 1e-8, None)
    clip = kl = 0.0
    for scores in (logits, logits.T):
        for i in range(n):
            clip -= (scores[i, i] - np.log(np.exp(scores[i]).sum())) / n / 2
            others = [j for j in range(n) if include_positive or j != i]
            total = np.log(sum(np.exp(scores[i, j]) for j in others))
            kl += sum(target[i, j] * (np.log(target[i, j]) - scores[i, j] + total) for j in others) / n / 2
    return clip, kl


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: f"{len(case['texts'])} texts")
def test_golden_losses(case, device):
    arguments = [torch.tensor(case[k], device=device) for k in ("image_features", "text_features")]
    scale = torch.tensor(case["logit_scale"], device=device)
    similarity = torch.tensor(case["similarity"], device=device)
    ours = selip_loss(*arguments, scale, similarity)
    for name, expected in (("clip", "clip"), ("kl", "kl"), ("loss", "total")):
        assert ours[name].item() == pytest.approx(case["loss"][expected], abs=1e-5)
    negatives = selip_loss(*arguments, scale, similarity, include_positive=False)
    assert negatives["loss"].item() == pytest.approx(case["loss"]["total_negatives_only"], abs=1e-5)


@pytest.mark.parametrize("include_positive", [True, False])
def test_loss_is_the_formula_term_by_term(include_positive):
    image, text, similarity = features()
    clip, kl = by_loops(image, text, 14.0, similarity, include_positive)
    ours = selip_loss(
        image, text, torch.tensor(14.0), similarity, soft_target_weight=0.7, include_positive=include_positive
    )
    assert ours["clip"].item() == pytest.approx(clip, abs=1e-5)
    assert ours["kl"].item() == pytest.approx(kl, abs=1e-5)
    assert ours["loss"].item() == pytest.approx(clip + 0.7 * kl, abs=1e-5)


def test_weight_zero_is_exactly_clip():
    image, text, similarity = (x.requires_grad_(i < 2) for i, x in enumerate(features()))
    loss = selip_loss(image, text, torch.tensor(14.0), similarity, soft_target_weight=0.0)["loss"]
    logits = 14.0 * image @ text.T
    labels = torch.arange(6)
    clip = (torch.nn.functional.cross_entropy(logits, labels) + torch.nn.functional.cross_entropy(logits.T, labels)) / 2
    assert torch.allclose(loss, clip, atol=1e-6)
    ours, theirs = (torch.autograd.grad(x, image, retain_graph=True)[0] for x in (loss, clip))
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_soft_targets_are_rows_of_the_similarity_divided_by_their_sum():
    target = soft_targets(torch.tensor([[1.0, 0.5, 0.5], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]))
    assert torch.allclose(target.sum(1), torch.ones(3), atol=1e-6)
    assert target[0].tolist() == pytest.approx([0.5, 0.25, 0.25])


@pytest.mark.parametrize("include_positive", [True, False])
def test_gradients_are_finite_under_autocast(include_positive, device):
    image, text, similarity = features(device=device)
    image.requires_grad_(True)
    scale = torch.tensor(100.0, device=device)
    with torch.autocast(device, torch.bfloat16):
        parts = selip_loss(image, text, scale, similarity, include_positive=include_positive)
    assert parts["loss"].dtype == torch.float32
    parts["loss"].backward()
    assert torch.isfinite(image.grad).all()


def test_a_batch_without_similar_reports_is_finite_without_the_diagonal():
    image, text, _ = features()
    parts = selip_loss(image, text, torch.tensor(14.0), torch.eye(6), include_positive=False)
    assert torch.isfinite(parts["loss"])
