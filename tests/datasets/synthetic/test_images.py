import json
from multiprocessing.reduction import ForkingPickler

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from selip_core.datasets.synthetic import cohort as synthetic_cohort
from selip_core.datasets.synthetic import images as images_module
from selip_core.datasets.synthetic import signal
from selip_core.datasets.synthetic.anatomy import GRID_SHAPE
from selip_core.datasets.synthetic.catalogue import Lesion, catalogue, draw_lesions
from selip_core.datasets.synthetic.cohort import make_cohort
from selip_core.datasets.synthetic.images import TUMOURS, synthesise_patient
from selip_core.datasets.synthetic.signal import tissue_book
from selip_core.errors import SelipError
from selip_core.sequences import TABLE, Sequence

KINDS = {name: kind for name, kind in catalogue()["kinds"].items() if "signal" in kind}
TIMES = [(kind, sequence, level) for kind, entry in KINDS.items() for sequence, level in entry["signal"].items()]
EXPECTED = {  # direction of the change, by sequence and word
    ("T1", "long"): -1, ("T1", "short"): 1, ("T1", "equal"): 0, ("T2", "long"): 1, ("T2", "short"): -1,
    ("FLAIR", "high"): 1, ("FLAIR", "low"): -1, ("DWI", "high"): 1, ("DWI", "low"): -1, ("DWI", "equal"): 0,
    ("ADC", "high"): 1, ("ADC", "low"): -1, ("ADC", "equal"): 0, ("T1ce", "ring"): 1, ("T1ce", "none"): -1,
}  # fmt: skip


def one_lesion(kind, seed):
    """Return a lesion of a kind at one of its sites, in turn."""
    entry, rng = KINDS[kind], np.random.default_rng([seed, len(kind)])
    site = list(entry["sites"])[seed % len(entry["sites"])]
    side = "" if catalogue()["sites"][site]["centre_mm"][0] == 0 else ("左侧", "右侧")[seed % 2]
    shape = list(entry["shapes"])[seed % len(entry["shapes"])]
    return Lesion(kind, site, side, shape, entry["foci"][0], float(rng.uniform(*entry["radius_mm"])))


def on_grid(image, like):
    """Sample an image at the voxels of another by nearest neighbour; -1 outside."""
    to = np.linalg.inv(image.affine) @ like.affine
    at = np.stack(np.meshgrid(*map(np.arange, like.shape), indexing="ij"), -1) @ to[:3, :3].T + to[:3, 3]
    at = np.round(at).astype(int)
    inside = ((at >= 0) & (at < image.shape)).all(-1)
    out = np.full(like.shape, -1.0)
    out[inside] = np.asarray(image.dataobj)[tuple(at[inside].T)]
    return out


def test_a_series_without_a_source_of_chance_of_its_own_is_an_error_and_not_left_out(monkeypatch):
    class OneShort:
        def spawn(self, n):
            return np.random.default_rng(0).spawn(n - 1)

    monkeypatch.setattr(images_module._Scanner, "acquire", lambda *_: None)
    with pytest.raises(ValueError, match="shorter"):
        synthesise_patient([], OneShort())


@pytest.fixture(scope="module")
def contrast():
    """Relative change of the described tissue of each kind and sequence against the same head without lesion."""
    changes, healthy = {}, [synthesise_patient([], np.random.default_rng(seed), noise=False) for seed in range(2)]
    for kind in KINDS:
        described = tissue_book()["lesions"][kind]["described"]
        for seed in range(2):
            ill = synthesise_patient([one_lesion(kind, seed)], np.random.default_rng(seed), noise=False)
            well = healthy[seed]
            share = ill.tissue_shares[described]
            core = share >= 0.85 * share.max()
            for sequence in ill.series:
                if sequence in KINDS[kind]["signal"]:
                    reference = well.series.get(sequence, well.series.get("T1"))
                    if reference is None:
                        continue
                    a, b = on_grid(ill.series[sequence], ill.lesion_masks), on_grid(reference, ill.lesion_masks)
                    brain = (b > 0) & (ill.lesion_masks.get_fdata() == 0) & (ill.oedema_masks.get_fdata() == 0)
                    # the scale of a series is arbitrary, except for ADC: brain without lesion is the measure
                    bright = brain & (b > np.median(b[b > 0]))
                    unit = 1 if sequence == "ADC" else np.median(a[bright]) / np.median(b[bright])
                    changes.setdefault((kind, sequence), []).append(a[core].mean() / b[core].mean() / unit - 1)
    return {key: float(np.mean(values)) for key, values in changes.items()}


@pytest.mark.parametrize(("kind", "sequence", "level"), [t for t in TIMES if t[2] != "mixed"])
def test_lesions_look_as_the_catalogue_says(contrast, kind, sequence, level):
    change, direction = contrast[kind, sequence], EXPECTED[sequence, level]
    if direction:
        assert direction * change > 0.06, f"{kind} on {sequence}: {change:+.2f}"
    else:
        assert abs(change) < 0.13, f"{kind} on {sequence}: {change:+.2f}"


def test_high_grade_tumour_is_mixed_on_flair():
    lesion = Lesion("high_grade_tumour", "额叶", "左侧", "团块状", 1, 20.0)
    ill = synthesise_patient([lesion], np.random.default_rng(1), noise=False)
    flair = on_grid(ill.series["FLAIR"], ill.lesion_masks)
    rim, necrosis = (flair[ill.tissue_shares[t] > 0.85].mean() for t in ("high_grade_rim", "necrosis"))
    assert abs(rim - necrosis) > 0.1 * rim


def test_every_lesion_leaves_a_mask_on_its_side():
    for seed in range(12):
        lesions = draw_lesions(np.random.default_rng(seed), frequencies="uniform")
        images = synthesise_patient(lesions, np.random.default_rng(seed))
        labels = np.asarray(images.lesion_masks.dataobj)
        assert labels.dtype == np.uint8 and labels.shape == GRID_SHAPE
        for number, lesion in enumerate(lesions, 1):
            where = np.argwhere(labels == number)
            assert len(where) * 27.0 == images.volumes_mm3[number - 1]
            if lesion.site and lesion.side in ("左侧", "右侧") and not any(m.kind == "midline_shift" for m in lesions):
                x = (where.mean(0)[0] * 3 - 90) * (1 if lesion.side == "右侧" else -1)
                assert x > -3, lesion


def test_the_same_generator_gives_the_same_head_with_and_without_lesions():
    lesion = [Lesion("acute_infarct", "额叶", "左侧", "片状", 1, 12.0)]
    ill, well = (synthesise_patient(m, np.random.default_rng(4), noise=False).series["T1"] for m in (lesion, []))
    assert np.array_equal(ill.affine, well.affine)
    right = ill.affine[:3, :3].T @ [1, 0, 0]  # the half without lesion
    axis = int(np.abs(right).argmax())
    half = [slice(None)] * 3
    n = ill.shape[axis]
    half[axis] = slice(int(0.6 * n), None) if right[axis] > 0 else slice(0, int(0.4 * n))
    a, b = (np.asarray(v.dataobj, float)[tuple(half)] for v in (ill, well))
    keep = b > b.max() / 10
    ratio = a[keep] / b[keep]
    assert ratio == pytest.approx(np.full(ratio.shape, np.median(ratio)), rel=0.05)


def test_left_stays_left_in_every_storage_order():
    lesion, codes = [Lesion("subacute_haemorrhage", "额叶", "左侧", "类圆形", 1, 15.0)], set()
    for seed in range(12):
        images = synthesise_patient(lesion, np.random.default_rng(seed))
        series, mask = images.series, images.lesion_masks
        for image in series.values():
            codes.add("".join(nib.aff2axcodes(image.affine)))
        if "T1" in series:
            t1 = on_grid(series["T1"], mask)
            brain = np.median(t1[t1 > 100])
            inside = t1[mask.get_fdata() == 1].mean()
            mirrored = t1[mask.get_fdata()[::-1] == 1].mean()
            assert inside > 1.2 * mirrored and inside > brain
    assert len(codes) >= 3


def test_series_are_thick_slices_of_plausible_size():
    for seed in range(6):
        for name, image in synthesise_patient([], np.random.default_rng(seed)).series.items():
            canonical = nib.as_closest_canonical(image)
            spacing = canonical.header.get_zooms()
            assert 5 <= spacing[2] <= 7.5 and 2.7 <= spacing[0] <= 3.3
            assert image.get_data_dtype() == np.int16
            data = np.asarray(image.dataobj)
            assert data.min() >= 0 and data.max() > 200, name


def test_adc_of_white_matter_is_in_its_usual_units():
    adc = next(
        s["ADC"] for s in (synthesise_patient([], np.random.default_rng(i)).series for i in range(5)) if "ADC" in s
    )
    data = np.asarray(adc.dataobj)
    assert 700 < np.median(data[data > 0]) < 1100


def test_sequences_are_sometimes_missing_and_contrast_is_for_tumours():
    tumour = [Lesion("low_grade_tumour", "额叶", "左侧", "团块状", 1, 15.0)]
    from selip_core.datasets.synthetic.images import _protocol

    drawn = [_protocol(tumour if i % 2 else [], np.random.default_rng(i)) for i in range(600)]
    assert 0.03 < np.mean([len(d - {"T1ce"}) < 5 for d in drawn]) < 0.1
    assert 0.84 < np.mean(["T1ce" in d for d in drawn[1::2]]) < 0.96
    assert not any("T1ce" in d for d in drawn[::2])
    assert set(KINDS) >= set(TUMOURS)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return make_cohort(tmp_path_factory.mktemp("cohort") / "c", patients=6, seed=3, workers=1, progress=False)


def test_cohort_has_the_format(cohort):
    series, reports = (pd.read_csv(cohort / f) for f in ("series.csv", "reports.csv"))
    assert list(series) == ["patient_id", "study_id", "sequence", "path"]
    assert len(reports) == 6 and reports.findings.str.len().min() > 10
    assert all((cohort / p).is_file() for p in series.path)
    about = json.loads((cohort / "cohort.json").read_text(encoding="utf-8"))
    assert about["synthetic"] is True and about["data_source"] == "embedded synthetic cohort"
    lesions = pd.read_csv(cohort / "truth/lesions.csv", keep_default_na=False)
    assert set(lesions.kind) <= set(catalogue()["kinds"])
    assert len(list((cohort / "truth/lesion_masks").iterdir())) == 6
    assert not [p for p in cohort.rglob("*") if "partial" in p.name]


def test_truth_speaks_of_acquired_sequences_only(cohort):
    findings = pd.read_csv(cohort / "truth/findings.csv")
    acquired = set(pd.read_csv(cohort / "series.csv")[["patient_id", "sequence"]].itertuples(index=False, name=None))
    assert set(findings[["patient_id", "sequence"]].itertuples(index=False, name=None)) <= acquired


def test_a_complete_cohort_is_not_made_again(cohort, monkeypatch):
    monkeypatch.setattr(synthetic_cohort, "_write_patient", None)
    assert make_cohort(cohort, patients=6, seed=3, progress=False) == cohort


def test_what_a_worker_is_started_with_fits_into_a_pipe(monkeypatch):
    """A worker that was killed before it had read its 90 MB of template left the notebook waiting for ever."""
    started = []

    def in_processes(job, items, workers, *, chunk, start):
        started.append((workers, len(ForkingPickler.dumps(start))))
        return map(job, items)

    monkeypatch.setattr(synthetic_cohort, "in_processes", in_processes)
    assert list(synthetic_cohort.for_each_patient(str, range(4), workers=2)) == ["0", "1", "2", "3"]
    assert started[0][0] == 2 and started[0][1] < 4096


def test_workers_do_not_change_the_files(cohort, tmp_path):
    again = make_cohort(tmp_path / "again", patients=6, seed=3, workers=2, progress=False)
    files = sorted(p.relative_to(cohort) for p in cohort.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert all((cohort / f).read_bytes() == (again / f).read_bytes() for f in files)


def test_an_interrupted_cohort_is_made_anew(cohort, tmp_path):
    (tmp_path / "truth").mkdir()
    (tmp_path / "series.csv").write_text("half")
    (tmp_path / "images" / "old").mkdir(parents=True)
    make_cohort(tmp_path, patients=1, seed=3, workers=1, progress=False)
    assert not (tmp_path / "images" / "old").exists()
    first = pd.read_csv(cohort / "series.csv").path[0]
    assert (tmp_path / first).read_bytes() == (cohort / first).read_bytes()


def test_a_folder_with_other_data_is_refused(tmp_path):
    (tmp_path / "series.csv").write_text("patient_id,sequence,path\n")
    with pytest.raises(SelipError, match="another cohort"):
        make_cohort(tmp_path, patients=2, progress=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"patients": 0},
        {"patients": 2, "seed": -1},
        {"patients": 2, "workers": 0},
        {"patients": 2, "frequencies": "rare"},
    ],
)
def test_wrong_arguments_are_named(tmp_path, wrong):
    with pytest.raises(ValueError, match=next(k for k in reversed(wrong))):
        make_cohort(tmp_path / "c", **wrong)


def test_a_seventh_sequence_is_acquired_and_the_others_stay(monkeypatch):
    before = synthesise_patient([], np.random.default_rng(3)).series
    monkeypatch.setitem(TABLE, "SWI", Sequence("SWI"))
    monkeypatch.setitem(signal.PROTOCOL, "SWI", signal.Scan(signal.spin_echo, 30, 20))
    monkeypatch.setattr(images_module, "SCANNED", (*images_module.SCANNED, "SWI"))
    monkeypatch.setattr(images_module, "ACQUIRED", (*images_module.ACQUIRED, "SWI"))
    after = synthesise_patient([], np.random.default_rng(3)).series
    assert set(after) == {*before, "SWI"}
    for name, image in before.items():
        assert np.abs(np.asarray(after[name].dataobj, int) - np.asarray(image.dataobj, int)).max() <= 1, name
