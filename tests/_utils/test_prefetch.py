import threading
import time

import pytest

from selip_core._utils.prefetch import read_ahead


@pytest.mark.parametrize("depth", [0, 1, 3, 50])
def test_batches_come_in_order_with_what_was_loaded(depth):
    assert list(read_ahead(range(7), lambda batch: batch**2, depth)) == [(i, i**2) for i in range(7)]


def test_no_more_than_the_depth_is_read_ahead():
    begun = []
    batches = read_ahead(range(20), lambda batch: begun.append(batch) or batch, 2)
    assert next(batches) == (0, 0)
    time.sleep(0.05)
    assert begun == [0, 1, 2]
    batches.close()


def test_reading_happens_beside_the_step():
    names = [name for _, name in read_ahead(range(3), lambda batch: threading.current_thread().name, 1)]
    assert threading.current_thread().name not in names


@pytest.mark.parametrize("depth", [0, 2])
def test_what_a_batch_raises_is_raised_in_its_turn(depth):
    def load(batch):
        if batch == 2:
            raise OSError("the disk is gone")
        return batch

    batches = read_ahead(range(5), load, depth)
    assert [next(batches), next(batches)] == [(0, 0), (1, 1)]
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)
