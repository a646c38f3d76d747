"""Splits are stratified and seeded, few-shot subsets are nested, and say where there are too few patients."""

import numpy as np
import pandas as pd
import pytest

from selip_core.datasets.splits import check_no_leak, nested_subsets, patient_subset, stratified_split, too_few
from selip_core.errors import SelipError

CLASSES = np.array([0] * 160 + [1] * 40)
FRACTIONS = (0.01, 0.05, 0.1, 1.0)


def test_smaller_shares_lie_within_larger_ones():
    subsets = list(nested_subsets(CLASSES, FRACTIONS, seed=3).values())
    for small, large in zip(subsets, subsets[1:]):
        assert set(small) < set(large)
    assert len(subsets[-1]) == 200


@pytest.mark.parametrize(("fraction", "counts"), [(0.05, (8, 2)), (0.1, (16, 4)), (0.01, (2, 1))])
def test_every_class_gives_its_share_and_at_least_one(fraction, counts):
    subset = nested_subsets(CLASSES, FRACTIONS, seed=0)[fraction]
    assert tuple(np.bincount(CLASSES[subset])) == counts


def test_seeds_differ_and_repeat():
    first, again, other = (nested_subsets(CLASSES, (0.1,), seed=s)[0.1] for s in (0, 0, 1))
    assert (first == again).all() and not (first == other).all()


def test_a_share_that_is_too_small_is_left_out_and_said():
    classes = CLASSES[::5]  # 40 patients
    assert list(nested_subsets(classes, FRACTIONS, seed=0)) == [0.05, 0.1, 1.0]
    assert too_few(classes, 0.01) == "1% of 40 training patients is 0.4: fewer than one of each class, not run"
    assert too_few(classes, 0.05) == ""


def test_a_fraction_out_of_range_is_refused():
    with pytest.raises(ValueError, match="not 1.5"):
        nested_subsets(CLASSES, (0.1, 1.5), seed=0)


def test_shares_of_the_patients_are_nested_and_whole():
    patients = [f"P{i // 3}" for i in range(48)]  # 16 patients of three pairs each
    quarter, half, everybody = (patient_subset(patients, f, seed=1) for f in (0.25, 0.5, 1.0))
    assert (len(quarter), len(half), len(everybody)) == (12, 24, 48)
    assert set(quarter) < set(half) and everybody.tolist() == list(range(48))
    assert all(patients.count(patients[i]) == sum(patients[j] == patients[i] for j in quarter) for i in quarter)
    with pytest.raises(ValueError, match="not 0"):
        patient_subset(patients, 0, seed=1)


@pytest.mark.parametrize(("counts", "sizes"), [((100, 20), (78, 18, 24)), ((4, 2), (3, 1, 2)), ((1, 1), (2, 0, 0))])
def test_each_class_is_split_by_itself(counts, sizes):
    classes = np.repeat(["HGG", "LGG"], counts)
    parts = stratified_split(classes, seed=0, validation_fraction=0.15, test_fraction=0.2)
    assert tuple(len(parts[s]) for s in ("train", "validation", "test")) == sizes
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(classes)))
    if counts[1] >= 2:
        assert set(classes[parts["test"]]) == {"HGG", "LGG"}


def test_a_patient_in_two_splits_is_named():
    splits = pd.DataFrame({"patient_id": ["A", "A", "B", "B"], "split": ["train", "train", "test", "train"]})
    check_no_leak(splits[:2])
    with pytest.raises(SelipError, match="mine.csv: patient B is in test and train"):
        check_no_leak(splits, "mine.csv")
