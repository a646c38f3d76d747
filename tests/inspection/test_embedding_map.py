import numpy as np
import pytest

from selip_core.errors import SelipError
from selip_core.inspection.embedding_map import (
    NO_FINDING,
    OTHER,
    common_labels,
    first_sites,
    neighbour_agreement,
    project,
)
from selip_core.reports.sentences import NORMAL_STATEMENT


def two_groups(n=30, size=6):
    """Return embeddings of two groups that point in opposite directions, and the group of each."""
    group = np.arange(2 * n) % 2
    noise = np.random.default_rng(0).normal(scale=0.1, size=(2 * n, size))
    return (np.where(group[:, None], 1.0, -1.0) + noise).astype(np.float32), group.astype(str)


def agreement_by_loops(features, labels, patients, within, k):
    """Return mean agreement and chance by the definition."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    shares, chances = [], []
    for i in range(len(unit)):
        others = [j for j in range(len(unit)) if patients[j] != patients[i] and within[j] == within[i]]
        nearest = sorted(others, key=lambda j: -float(unit[i] @ unit[j]))[:k]
        shares.append(np.mean([labels[j] == labels[i] for j in nearest]))
        chances.append(np.mean([labels[j] == labels[i] for j in others]))
    return np.mean(shares), np.mean(chances)


def test_groups_of_the_full_space_are_groups_of_the_map():
    features, group = two_groups()
    points = project(features, seed=0).points
    centres = [points[group == g].mean(axis=0) for g in ("0", "1")]
    nearest = [str(int(np.argmin([np.linalg.norm(point - centre) for centre in centres]))) for point in points]
    assert nearest == group.tolist()


def test_a_map_is_the_same_again_by_its_seed():
    features, _ = two_groups()
    first, again, other = (project(features, seed=seed).points for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert first.shape == other.shape == (60, 2) and np.isfinite(first).all()


def test_of_many_embeddings_a_stated_part_is_drawn():
    features, _ = two_groups()
    projection = project(features, seed=0, largest=20)
    assert len(projection.points) == len(projection.rows) == 20
    assert np.all(np.diff(projection.rows) > 0) and projection.rows.max() < 60
    assert "20 of 60 series drawn at random" in projection.how


def test_few_points_lower_the_perplexity():
    features, _ = two_groups()
    projection = project(features[:7], seed=0)
    assert "perplexity 2," in projection.how and len(np.unique(projection.points, axis=0)) == 7


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_points_for_a_map_are_put_in_a_row_and_say_so(n):
    projection = project(two_groups()[0][:n], seed=0)
    assert projection.points[:, 0].tolist() == list(range(n)) and "too few for t-SNE" in projection.how


def test_equal_embeddings_are_one_point_that_says_so():
    projection = project(np.ones((9, 4)), seed=0)
    assert not projection.points.any() and "all embeddings are the same" in projection.how


@pytest.mark.parametrize("features", [np.zeros((0, 3)), np.zeros(4), np.full((5, 3), np.nan)])
def test_what_is_no_table_of_finite_numbers_is_refused(features):
    with pytest.raises(SelipError, match="finite numbers"):
        project(features, seed=0)


@pytest.mark.parametrize("grouped", [False, True])
def test_agreement_and_chance_are_those_of_the_definition(grouped):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(40, 5)).astype(np.float32)
    labels, patients = rng.choice(list("abc"), 40), rng.integers(0, 12, 40).astype(str)
    within = rng.choice(["T1", "T2"], 40) if grouped else np.full(40, "")
    table = neighbour_agreement(features, {"x": labels}, patients, within=within if grouped else None, k=4)
    agreement, chance = agreement_by_loops(features, labels, patients, within, 4)
    assert table.loc[0, ["agreement", "chance"]].tolist() == pytest.approx([agreement, chance])
    assert table.loc[0, "lift"] == pytest.approx(agreement / chance) and table.loc[0, "n"] == 40
    assert table.loc[0, "low"] <= agreement <= table.loc[0, "high"]


def test_series_of_the_same_patient_are_no_neighbours():
    features, group = two_groups()
    table = neighbour_agreement(features, {"group": group}, group)  # all of a group are one patient
    assert table.loc[0, "agreement"] == table.loc[0, "chance"] == 0


def test_series_without_a_label_are_left_out():
    features, group = two_groups()
    labels = np.where(np.arange(60) < 10, NO_FINDING, group)
    assert neighbour_agreement(features, {"site": labels}, np.arange(60)).loc[0, "n"] == 50


def test_one_patient_has_no_agreement():
    table = neighbour_agreement(two_groups()[0], {"x": ["a"] * 60}, ["P"] * 60)
    assert table.loc[0, "n"] == 0 and np.isnan(table.loc[0, "agreement"])


def test_neighbours_must_be_at_least_one():
    with pytest.raises(SelipError, match="at least 1"):
        neighbour_agreement(two_groups()[0], {}, np.arange(60), k=0)


def test_first_sites_name_the_first_finding_or_none():
    sentences = ["在左侧额叶表现为长信号，在脑桥表现为短信号", NORMAL_STATEMENT]
    assert first_sites(sentences) == ["左侧额叶", NO_FINDING]


def test_rare_labels_are_called_other():
    labels, names = common_labels(["b", "a", "b", "c", "d"], top=2)
    assert names == ["b", "a", OTHER] and labels == ["b", "a", "b", OTHER, OTHER]
    assert common_labels(["x", "y"], top=2)[1] == ["x", "y"]
    assert common_labels([OTHER, OTHER, "x"], top=2) == ([OTHER, OTHER, "x"], ["x", OTHER])
