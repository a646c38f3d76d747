import numpy as np
import pytest

from selip_core.datasets.synthetic import signal
from selip_core.datasets.synthetic.signal import tissue_book


def test_spin_echo_is_the_equation():
    t1, t2, pd, tr, te = 900.0, 80.0, 0.7, 500.0, 12.0
    expected = pd * (1 - np.exp(-tr / t1)) * np.exp(-te / t2)
    assert signal.spin_echo(t1, t2, pd, tr_ms=tr, te_ms=te) == pytest.approx(expected)


def test_spin_echo_reaches_proton_density_without_weighting():
    assert signal.spin_echo(1000.0, 100.0, 0.8, tr_ms=1e6, te_ms=0.0) == pytest.approx(0.8)


def test_inversion_recovery_nulls_a_tissue_at_its_null_time():
    ti = signal.null_inversion_time(4300.0, 9000.0)
    assert 2000 < ti < 3000
    assert signal.inversion_recovery(4300.0, 1440.0, 1.0, tr_ms=9000, te_ms=115, ti_ms=ti) == pytest.approx(0, abs=1e-9)


def test_diffusion_and_its_map_are_inverse():
    adc = np.array([0.4, 0.8, 3.0])
    assert signal.apparent_diffusion(2.0, signal.diffusion_weighted(2.0, adc)) == pytest.approx(adc)


def test_adc_is_never_negative_nor_infinite():
    assert signal.apparent_diffusion(np.array([1.0, 0.0, 1.0]), np.array([2.0, 0.0, 0.0])).min() >= 0
    assert np.isfinite(signal.apparent_diffusion(0.0, 0.0))


def test_contrast_medium_shortens_t1():
    assert signal.enhanced_t1(1500.0, 0.0) == pytest.approx(1500.0)
    assert signal.enhanced_t1(1500.0, 1.0, relaxivity=4.5) == pytest.approx(1000 / (1000 / 1500 + 4.5))


def test_head_has_the_usual_contrasts():
    names = ["grey_matter", "white_matter", "csf", "fat"]
    table = {k: dict(zip(names, v)) for k, v in signal.signal_table(names).items()}
    assert table["T1"]["fat"] > table["T1"]["white_matter"] > table["T1"]["grey_matter"] > table["T1"]["csf"]
    assert table["T2"]["csf"] > table["T2"]["grey_matter"] > table["T2"]["white_matter"]
    assert table["FLAIR"]["grey_matter"] > table["FLAIR"]["white_matter"] > 50 * table["FLAIR"]["csf"]
    assert table["DWI"]["grey_matter"] > 3 * table["DWI"]["csf"]


def test_only_enhancing_tissues_change_with_contrast():
    names = list(tissue_book()["tissues"])
    table = signal.signal_table(names)
    gain = dict(zip(names, table["T1ce"] / table["T1"]))
    for name, tissue in tissue_book()["tissues"].items():
        assert (gain[name] > 1.01) == (tissue.get("gadolinium_mmol", 0) > 0), name
    assert gain["high_grade_rim"] > 1.5


def test_jitter_is_seeded_and_flair_still_nulls_water():
    names = ["white_matter", "csf"]
    first, again = (signal.signal_table(names, np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(first[k], again[k]) for k in first)
    assert first["FLAIR"][1] < 1e-6 < first["FLAIR"][0]


def test_every_tissue_and_layer_has_a_source_or_a_tissue():
    book = tissue_book()
    for name, tissue in book["tissues"].items():
        assert tissue["source"] and set(tissue["source"]) <= set(book["sources"]), name
    for kind, lesion in book["lesions"].items():
        assert {layer["tissue"] for layer in lesion["layers"]} <= set(book["tissues"]), kind
        assert lesion["described"] in {layer["tissue"] for layer in lesion["layers"]}
