import pytest
import torch

from selip_core.pretraining.warm_start import mask_words, warm_start, word_ids


def test_word_ids_follow_the_segmentation():
    offsets = [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (0, 0)]
    assert word_ids("左侧额叶", offsets, lambda text: ["左侧", "额叶"]) == [-1, 0, 0, 1, 1, -1]


def test_a_word_is_chosen_whole_and_every_text_has_one():
    ids = torch.arange(5, 45).repeat(200, 1)
    words = (torch.arange(40) // 2).repeat(200, 1)
    words[:, 0] = -1
    masked, labels = mask_words(ids, words, mask_id=4, vocabulary_size=60, generator=torch.Generator().manual_seed(0))
    chosen = labels >= 0
    assert chosen.any(1).all() and not chosen[:, 0].any()
    assert torch.equal(chosen[:, 2::2], chosen[:, 3::2])
    assert torch.equal(labels[chosen], ids[chosen]) and torch.equal(masked[~chosen], ids[~chosen])
    assert 0.12 < chosen[:, 1:].float().mean() < 0.2
    assert 0.75 < (masked[chosen] == 4).float().mean() < 0.85


def test_warm_start_learns_to_fill_in_words(tiny_model, device):
    texts = [f"在{side}侧{site}表现为{look}信号" for side in "左右" for site in ("额叶", "丘脑") for look in "高长"]
    segment = lambda text: [text[:1], text[1:3], text[3:5], text[5:8], text[8:9], text[9:]]  # noqa: E731
    losses = warm_start(tiny_model.to(device).text_encoder, texts, segment, steps=60, batch_size=8, progress=False)
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


@pytest.mark.slow
def test_what_is_compared_tells_the_sides_apart(tiny_model, device):
    """By masked words alone 左 and 右, which stand in the same places, became one."""
    sites = ("额叶", "丘脑", "小脑", "桥脑")
    texts = [f"在{side}侧{site}表现为{look}信号" for side in "左右" for site in sites for look in "高长"]
    segment = lambda text: [text[:1], text[1:3], text[3:5], text[5:8], text[8:9], text[9:]]  # noqa: E731
    encoder = tiny_model.to(device).text_encoder
    warm_start(encoder, texts, segment, steps=300, batch_size=16, progress=False)
    with torch.inference_mode():
        left, right, other = encoder([texts[0], texts[8], texts[2]])  # another side, another site
    near = torch.nn.functional.cosine_similarity(left, right, dim=0)
    assert near < 0.9 and abs(near - torch.nn.functional.cosine_similarity(left, other, dim=0)) < 0.3


def test_warm_start_is_the_same_for_the_same_seed(tiny_model):
    import copy

    twin = copy.deepcopy(tiny_model)
    for model in (tiny_model, twin):
        warm_start(model.text_encoder, ["左侧额叶"], list, steps=3, seed=1, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(tiny_model.parameters(), twin.parameters(), strict=True))
