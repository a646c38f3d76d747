"""The text encoder: what it makes of a batch does not depend on what else is in it."""

import pytest
import torch

from selip_core.encoders.text import TextEncoder, character_tokenizer, groups_by_length, small_bert

TEXTS = [f"在左侧额叶表现为{'斑片状' * n}长信号" for n in (5, 1, 9, 2, 7, 3, 8, 4, 6)] * 4


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    tokenizer = character_tokenizer(TEXTS)
    return TextEncoder(tokenizer, small_bert(len(tokenizer), max_tokens=48), max_tokens=48).eval()


@pytest.mark.parametrize("n", [1, 3, 15, 16, 18, 36])
def test_a_text_has_the_features_that_it_has_alone(encoder, n):
    together = encoder(TEXTS[:n])
    alone = torch.cat([encoder([text]) for text in TEXTS[:n]])
    assert together.shape == (n, encoder.out_features) and torch.allclose(together, alone, atol=1e-5)
    assert n == 1 or not torch.allclose(alone[0], alone[1], atol=1e-2)


@pytest.mark.parametrize("n", [1, 7, 15, 16, 17, 23, 31, 33, 64, 65, 500])
def test_groups_hold_every_text_once_and_the_short_ones_first(n):
    lengths = torch.randint(1, 96, (n,), generator=torch.Generator().manual_seed(n)).tolist()
    groups = groups_by_length(lengths, torch.device("cpu"))
    assert sorted(i for group in groups for i in group) == list(range(n))
    assert [lengths[i] for group in groups for i in group] == sorted(lengths)
    assert len(groups) == min(max(n // 8, 1), 4) and all(len(group) >= min(n, 8) for group in groups)
    assert groups_by_length(lengths, torch.device("cuda")) == [sum(groups, [])]
