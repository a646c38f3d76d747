"""The files of a cache read as one array: whatever is picked, it is what one array would give."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch

from selip_core._utils.side_by_side import LEAST_STEPS, side_by_side
from selip_core.datasets import shards
from selip_core.datasets.pairs import Pairs
from selip_core.datasets.shards import MappedVolumes, shards_of, volumes_a_file

SERIES, SHAPE = 11, (1, 2, 3, 4)
WHOLE = np.random.default_rng(0).standard_normal((SERIES, *SHAPE)).astype(np.float16)


@pytest.fixture(params=[None, 4, 11, 1])
def volumes(request, tmp_path):
    for shard in shards_of(tmp_path, SERIES, request.param):
        np.save(shard.volumes, WHOLE[shard.rows.start : shard.rows.stop])
    return MappedVolumes(tmp_path, SERIES, request.param)


PICKED = [
    0, 10, -1, np.int64(7), (3, 0), (np.int64(5), 0, 1), (2, 0, slice(None), 1), slice(None), slice(0, 0), slice(2, 9),
    slice(None, None, -3), slice(-4, None), [3, 3, 10, 0, -11], np.array([9, 1, 5]), np.array([], int), [],
    (np.array([8, 2]), 0), (slice(1, 7), 0, slice(1)), np.arange(SERIES) % 3 == 0,
]  # fmt: skip


@pytest.mark.parametrize("picked", PICKED, ids=str)
def test_what_is_picked_is_what_one_array_gives(volumes, picked):
    found, expected = volumes[picked], WHOLE[picked]
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("picked", [11, -12, [0, 11], np.array([-12]), (11, 0), [0.5], np.zeros(3, bool), "a"], ids=str)
def test_what_no_array_takes_is_refused(volumes, picked):
    with pytest.raises(IndexError):
        volumes[picked]


def test_shape_length_and_the_whole_are_those_of_one_array(volumes):
    assert volumes.shape == WHOLE.shape and volumes.dtype == np.float16 and len(volumes) == SERIES
    assert np.array_equal(np.asarray(volumes), WHOLE)
    assert np.asarray(volumes, dtype=np.float32).dtype == np.float32
    assert isinstance(volumes[3], np.memmap) and not volumes[3].flags.writeable


def test_pairs_are_loaded_from_any_files(volumes):
    rows = np.array([1, 4, 9])
    pairs = Pairs(volumes, rows, [()] * 3, [""] * 3, [""] * 3)
    assert torch.equal(pairs.load(np.array([2, 0])), torch.from_numpy(WHOLE[[9, 1]].astype(np.float32)))


@pytest.mark.parametrize("volumes", [4], indirect=True)
def test_another_process_maps_the_files_itself(volumes, monkeypatch):
    assert len(pickle.dumps(volumes)) < 400 and np.array_equal(pickle.loads(pickle.dumps(volumes))[:], WHOLE)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    work = partial(_corner, volumes=volumes)
    found = side_by_side(work, [0, 10], steps=LEAST_STEPS, device=torch.device("cpu"), task="a task")
    assert list(found) == [float(WHOLE[0].sum()), float(WHOLE[10].sum())]


def _corner(row, volumes):
    return float(volumes[row].sum())


def test_no_more_files_are_open_than_are_kept(volumes, monkeypatch):
    monkeypatch.setattr(shards, "_MOST_OPEN", 2)
    few = MappedVolumes(*volumes._made_of)
    for row in (0, 10, 5, 0, 10, 5):
        assert np.array_equal(few[row], WHOLE[row])
        assert few._open.cache_info().currsize <= 2


def test_files_hold_the_series_once_and_in_order(tmp_path):
    for series, size in ((1, 4), (4, 4), (5, 4), (11, None)):
        found = shards_of(tmp_path, series, size)
        assert [row for shard in found for row in shard.rows] == list(range(series))
        assert [shard.number for shard in found] == list(range(len(found)))
    assert [shard.volumes.name for shard in shards_of(tmp_path, 5, 4)] == ["volumes-00000.npy", "volumes-00001.npy"]
    assert shards_of(tmp_path, 5, None)[0].volumes.name == "volumes.npy"


def test_a_file_takes_no_more_than_it_may_and_one_volume_at_least(monkeypatch):
    assert volumes_a_file((24, 256, 256)) * 24 * 256 * 256 * 2 <= shards.SHARD_BYTES
    assert (volumes_a_file((24, 256, 256)) + 1) * 24 * 256 * 256 * 2 > shards.SHARD_BYTES
    monkeypatch.setattr(shards, "SHARD_BYTES", 7)
    assert volumes_a_file((2, 2, 2)) == 1
