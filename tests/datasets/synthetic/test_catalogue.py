from collections import Counter

import numpy as np
import pytest

from selip_core.datasets.synthetic.catalogue import catalogue, draw_lesions


def patients(n, frequencies="clinical"):
    return [draw_lesions(np.random.default_rng(i), frequencies=frequencies) for i in range(n)]


def test_there_are_enough_kinds_and_sites():
    book = catalogue()
    assert len(book["kinds"]) >= 10 and len(book["sites"]) >= 16
    assert all(set(kind.get("sites", {})) <= set(book["sites"]) for kind in book["kinds"].values())


def test_frequencies_follow_the_clinic():
    drawn = patients(3000)
    abnormal = [p for p in drawn if p]
    assert 0.17 < 1 - len(abnormal) / 3000 < 0.23
    counts = Counter(kind for p in abnormal for kind in {lesion.kind for lesion in p})
    assert counts.most_common(1)[0][0] == "white_matter_lesion"
    assert min(counts[k] for k in catalogue()["kinds"]) > 10


def test_uniform_frequencies_level_the_kinds():
    counts = Counter(k for p in patients(3000, "uniform") for k in {lesion.kind for lesion in p} - {"midline_shift"})
    assert max(counts.values()) < 3 * min(counts.values())


def test_a_place_holds_one_lesion_and_midline_sites_have_no_side():
    sites = catalogue()["sites"]
    for lesions in patients(500):
        placed = [(m.site, s) for m in lesions if m.site for s in (("左侧", "右侧") if m.side == "双侧" else (m.side,))]
        assert len(placed) == len(set(placed))
        assert all((sites[m.site]["centre_mm"][0] == 0) == (m.side == "") for m in lesions if m.site)


def test_midline_shift_has_a_mass_on_its_side():
    masses = catalogue()["kinds"]["midline_shift"]["after"]
    shifted = [p for p in patients(2000) if any(m.kind == "midline_shift" for m in p)]
    assert shifted
    for lesions in shifted:
        side = next(m.side for m in lesions if m.kind == "midline_shift")
        assert any(m.kind in masses and m.side == side for m in lesions)


def test_unknown_frequencies_are_an_error():
    with pytest.raises(ValueError, match="clinical"):
        draw_lesions(np.random.default_rng(0), frequencies="rare")
