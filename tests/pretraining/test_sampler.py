from itertools import islice

import numpy as np
import pytest

from selip_core.datasets.pairs import distinct_reports
from selip_core.errors import SelipError
from selip_core.pretraining.sampler import UniqueTextSampler, fitting_batch_size
from selip_core.reports.sentences import Finding


def sampler(flip=True, seed=0, batch_size=8, both_sides=False):
    rng = np.random.default_rng(1)
    texts = np.minimum(rng.geometric(0.06, 400), 40)  # a heavy head, as reports have
    flipped = np.where(texts % 3 == 0, texts + 100, texts) if flip else None
    return UniqueTextSampler(texts, flipped, batch_size=batch_size, seed=seed, both_sides=both_sides)


@pytest.mark.parametrize(("flip", "both_sides"), [(False, False), (True, False), (True, True), (False, True)])
def test_no_two_pairs_of_a_batch_share_a_text(flip, both_sides):
    made = sampler(flip, both_sides=both_sides)
    for rows, flips in made.epoch(0):
        texts = np.where(flips, made.flipped_text_ids[rows], made.text_ids[rows]) if flip else made.text_ids[rows]
        assert len(rows) == 8 and len(set(texts)) == 8
        assert flip or not flips.any()


def test_an_epoch_uses_a_pair_once_and_most_pairs():
    batches = sampler().epoch(0)
    rows = np.concatenate([b[0] for b in batches])
    assert len(rows) == len(set(rows))
    assert len(rows) > 0.7 * 400


def test_a_pair_and_its_mirror_image_are_in_a_batch_together_where_they_differ():
    made = sampler(both_sides=True)
    batches = made.epoch(0)
    assert len(batches) > 20
    for rows, flips in batches:
        places = {int(row): sorted(flips[rows == row].tolist()) for row in rows}
        lateral = [row for row in places if made.text_ids[row] != made.flipped_text_ids[row]]
        cut = [row for row in lateral if len(places[row]) < 2]
        assert cut in ([], [rows[-1]])  # the last place of a batch has no room for another
        assert all(sides == [False, True] for row, sides in places.items() if len(sides) > 1)
    used = np.concatenate([list(dict.fromkeys(rows)) for rows, _ in batches])
    assert len(used) == len(set(used)) > 0.7 * 400


def test_over_epochs_every_pair_has_its_turn():
    made = sampler()
    seen = set(np.concatenate([b[0] for number in range(12) for b in made.epoch(number)]))
    assert seen == set(range(400))


def test_same_seed_same_batches_and_other_seed_other_batches():
    first, again, other = (list(islice(sampler(seed=s).steps(), 5)) for s in (0, 0, 1))
    assert all(np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("both_sides", [False, True])
@pytest.mark.parametrize("start", [1, 17, 60, 150])
def test_resuming_at_a_step_continues_as_the_uninterrupted_run(start, both_sides):
    whole = list(islice(sampler(both_sides=both_sides).steps(), 200))
    resumed = list(islice(sampler(both_sides=both_sides).steps(start), 200 - start))
    for a, b in zip(whole[start:], resumed, strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_too_few_texts_for_a_batch_is_an_error():
    with pytest.raises(SelipError, match="3 distinct texts cannot fill a batch of 8"):
        UniqueTextSampler(np.array([0, 1, 2, 2, 2, 1, 0, 0, 1]), None, batch_size=8, seed=0)


def reports(*sites):
    """Return reports of one finding each."""
    return [(Finding(site, "高信号"),) for site in sites]


def test_a_batch_is_no_larger_than_there_are_distinct_texts():
    four = reports("a", "b", "b", "c")
    assert fitting_batch_size(four, 2, flip=True) == 2
    assert fitting_batch_size(four, 8, flip=True) == 3
    with pytest.raises(SelipError, match=r"1 distinct sentence\(s\): contrastive training needs at least two"):
        fitting_batch_size(reports("a", "a"), 8, flip=False)


def test_a_text_and_its_mirror_image_count_once_where_volumes_are_mirrored():
    three = reports("左侧额叶", "右侧额叶", "脑桥")
    assert fitting_batch_size(three, 8, flip=False) == 3
    assert fitting_batch_size(three, 8, flip=True) == 2
    with pytest.raises(SelipError, match=r"1 distinct sentence\(s\) \(mirror images count once\)"):
        fitting_batch_size(three[:2], 8, flip=True)


@pytest.mark.parametrize("couples", [12, 32])
def test_every_epoch_of_texts_in_left_and_right_has_a_batch(couples):
    found = reports(*(f"{side}侧{number}" for number in range(couples) for side in "左右"))
    _, ids, flipped = distinct_reports(found, flip=True)
    size = fitting_batch_size(found, 64, flip=True)
    made = UniqueTextSampler(ids, flipped, batch_size=size, seed=0)
    assert size == couples and all(made.epoch(number) for number in range(50))
    assert len(list(islice(made.steps(), 3))) == 3
    with pytest.raises(SelipError, match=f"{couples} distinct texts cannot fill a batch of {2 * couples}"):
        UniqueTextSampler(ids, flipped, batch_size=2 * couples, seed=0)


@pytest.mark.parametrize("size", [2, 5, 8])
def test_both_sides_of_texts_that_are_there_in_left_and_right_already(size):
    found = reports("脑桥", *(f"{side}侧{number}" for number in range(20) for side in "左右"))
    _, ids, flipped = distinct_reports(found, flip=True)
    for rows, flips in UniqueTextSampler(ids, flipped, batch_size=size, seed=0, both_sides=True).epoch(0):
        texts = np.where(flips, flipped[rows], ids[rows])
        assert len(rows) == len(set(texts)) == size
        assert np.array_equal(rows[: size // 2 * 2 : 2], rows[1::2]) or 0 in rows  # one that has no other side shifts


def test_an_epoch_without_a_batch_ends_with_a_message():
    texts = np.arange(20)
    made = UniqueTextSampler(texts, np.full(20, 99), batch_size=20, seed=0)  # all flipped pairs share one text
    with pytest.raises(SelipError, match="epoch 0 has too few distinct texts for a batch of 20: give a smaller"):
        next(made.steps())
