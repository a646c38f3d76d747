import os
import signal
import subprocess
import sys
import threading
import time

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel

from selip_core import automodel, preprocessing  # noqa: F401, automodel registers the model
from selip_core import embed as embed_module
from selip_core.embed import embed, main
from selip_core.errors import SelipError
from selip_core.preprocessing import VolumeError
from selip_core.search import main as search_main
from selip_core.search import read_features, search
from tests.helpers.data import OPTIONS, PREPROCESSED, SENTENCES
from tests.helpers.dicom_files import PERSON, head, write_series

ONE = pd.DataFrame([["a", "", "", "T1"]], columns=embed_module.COLUMNS[:4])


@pytest.fixture
def model(tiny_model):
    tiny_model.config |= PREPROCESSED
    return tiny_model


@pytest.fixture
def folder(tmp_path):
    for name in ("a/T1.nii.gz", "a/FLAIR.nii.gz", "b/dwi.nii"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        voxels = head().transpose(2, 1, 0).astype(np.float32) + len(name)
        nib.save(nib.Nifti1Image(voxels, np.diag([6, 6, 8, 1.0])), tmp_path / "in" / name)
    return tmp_path / "in"


def test_volumes_of_a_folder_get_the_features_that_the_model_gives_them_one_by_one(model, folder):
    (folder / "a" / "lesion_mask.nii.gz").write_bytes((folder / "a" / "T1.nii.gz").read_bytes())
    table = embed(model, folder, batch_size=2, workers=1, progress=False)
    assert table["sequence"].tolist() == ["FLAIR", "T1", "DWI"] and (table["reason"] == "").all()
    for path, feature in zip(table["path"], table["feature"], strict=True):
        alone = model.encode_image(preprocessing.preprocess(path, **OPTIONS)[None]).detach().numpy()[0]
        assert feature == pytest.approx(alone, abs=1e-5)
        assert np.linalg.norm(feature) == pytest.approx(1, abs=1e-5)


def test_a_model_of_smaller_numbers_embeds_into_a_file(model, folder, tmp_path):
    table = embed(model.bfloat16(), folder, tmp_path / "features.parquet", workers=1, progress=False)
    assert (table["reason"] == "").all() and read_features(tmp_path / "features.parquet")["feature"][0].shape == (16,)


def test_transformers_model_embeds_as_ours_does(model, folder, tmp_path):
    auto = AutoModel.from_pretrained(model.save_pretrained(tmp_path / "model"))
    found, expected = (embed(m, folder, workers=1, progress=False) for m in (auto, model))
    assert np.stack(found["feature"]) == pytest.approx(np.stack(expected["feature"]), abs=1e-6)


def test_volumes_are_read_while_the_model_encodes(model, folder, monkeypatch):
    second_is_read, in_time = threading.Event(), []

    def read(path, **options):
        if path == sorted(str(path) for path in folder.rglob("*.nii*"))[1]:
            second_is_read.set()
        return preprocessing.preprocess_array(path, **options)

    def encode(volumes):
        in_time.append(second_is_read.wait(10))
        return torch.zeros(len(volumes), 16)

    monkeypatch.setattr("selip_core.embed.preprocess_array", read)
    monkeypatch.setattr(model, "encode_image", encode)
    assert len(embed(model, folder, batch_size=1, workers=1, progress=False)) == 3
    assert in_time == [True] * 3


def test_a_batch_without_a_usable_volume_has_reasons_alone(model, folder):
    for path in folder.rglob("*.nii*"):
        path.write_bytes(b"no")
    table = embed(model, folder, batch_size=2, workers=1, progress=False)
    assert table["feature"].isna().all() and (table["reason"] != "").all()


def test_a_cohort_is_embedded_with_its_ids(model, folder):
    (folder / "series.csv").write_text("patient_id,sequence,path\n007,T1,a/T1.nii.gz\n")
    table = embed(model, folder, workers=1, progress=False)
    assert table[["patient_id", "sequence"]].to_numpy().tolist() == [["007", "T1"]]


def test_a_cohort_is_embedded_as_the_notebooks_read_it(model, folder):
    rows = "007,,T1WI,a\\T1.nii.gz\n007,,t2-flair,a/FLAIR.nii.gz\n8,s,odd,b/dwi.nii\n"
    (folder / "series.csv").write_text(f"patient_id,study_id,sequence,path\n{rows}")
    table = embed(model, folder, workers=1, progress=False)
    assert (table["reason"] == "").all() and table["sequence"].tolist() == ["T1", "FLAIR", ""]
    assert table["study_id"].tolist() == ["007", "007", "s"]


def test_a_part_that_did_not_reach_the_disk_is_made_again(model, folder, tmp_path):
    key = embed_module._key(embed_module.find_series([folder]), model)
    parts = tmp_path / f".f.parquet.{key}.parts"
    parts.mkdir()
    (parts / "000000000.parquet").touch()
    assert len(embed(model, folder, tmp_path / "f.parquet", workers=1, progress=False)) == 3


def test_a_bad_volume_has_a_reason_and_no_feature_and_the_status_says_so(model, folder, tmp_path, capsys):
    (folder / "b" / "cut.nii.gz").write_bytes(b"no")
    model.save_pretrained(tmp_path / "model")
    out = tmp_path / "features.parquet"
    assert main([str(tmp_path / "model"), str(folder), "--out", str(out), "--workers", "1"]) == 3
    table = read_features(out)
    bad = table[table["reason"] != ""]
    assert len(table) == 4 and len(bad) == 1 and bad["feature"].iloc[0] is None
    assert "cut.nii.gz: not gzipped, though named so" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.parquet", "in", "model"]


def test_wrong_input_is_one_line(model, folder, tmp_path, capsys):
    with pytest.raises(SelipError, match="does not exist"):
        embed(model, tmp_path / "nowhere", progress=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SelipError, match="no NIfTI file"):
        embed(model, tmp_path / "empty", progress=False)
    for numbers in ({"batch_size": 0}, {"workers": -1}):
        with pytest.raises(SelipError, match="both must be 1 or more"):
            embed(model, folder, progress=False, **numbers)
    (tmp_path / "there.parquet").write_text("mine")
    with pytest.raises(SelipError, match="never overwritten"):
        embed(model, folder, tmp_path / "there.parquet", progress=False)
    model.config["preprocessing_fingerprint"] = "other"
    with pytest.raises(SelipError, match="trained with preprocessing other"):
        embed(model, folder, progress=False)
    assert main([str(tmp_path), str(folder), "--out", str(tmp_path / "o.parquet")]) == 1
    assert "is not a SeLIP model" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told_before_any_work(model, folder, tmp_path, monkeypatch):
    (tmp_path / "plain.txt").write_text("a file")
    worked = []
    monkeypatch.setattr("selip_core.embed.preprocess_array", lambda path, **options: worked.append(path))
    with pytest.raises(SelipError, match=r"cannot write .*plain.txt/x.parquet: Not a directory"):
        embed(model, folder, tmp_path / "plain.txt" / "x.parquet", workers=1, progress=False)
    assert worked == []


def test_parts_of_other_weights_another_configuration_or_other_code_are_not_gone_on_with(model, folder, monkeypatch):
    keys = [embed_module._key(ONE, model) for _ in range(2)]
    model.config["clip"] = 1
    keys.append(embed_module._key(ONE, model))
    with torch.no_grad():
        model.log_logit_scale.mul_(1.01)
    keys.append(embed_module._key(ONE, model))
    for where in ("embed", "encoders.inference"):
        monkeypatch.setattr(f"selip_core.{where}.code_fingerprint", lambda *modules: "edited")
        keys.append(embed_module._key(ONE, model))
    keys.append(embed_module._key(ONE.assign(sequence="FLAIR"), model))  # series.csv was corrected
    assert keys[0] == keys[1] and len(set(keys)) == 6


def test_transformers_model_goes_on_with_its_own_parts(model, tmp_path):
    saved = model.save_pretrained(tmp_path / "model")
    first, again = (embed_module._key(ONE, AutoModel.from_pretrained(saved)) for _ in range(2))
    assert first == again


def test_no_parts_are_left_of_any_model(model, folder, tmp_path):
    for name in (".a[b].parquet.0123.parts", ".other.parquet.0123.parts"):
        (tmp_path / "out" / name).mkdir(parents=True)
    embed(model, folder, tmp_path / "out" / "a[b].parquet", workers=1, progress=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".other.parquet.0123.parts", "a[b].parquet"]


def test_a_name_that_no_table_can_hold_is_refused_before_any_work(model, folder):
    (folder / "a" / "T1.nii.gz").rename(os.fsdecode(os.fsencode(folder) + b"/\xcd\xb7\xff.nii.gz"))
    with pytest.raises(SelipError, match="1 names are no UTF-8"):
        embed(model, folder, workers=1, progress=False)


@pytest.mark.slow
def test_killed_it_goes_on_to_the_same_table(model, tmp_path, monkeypatch):
    for i in range(8):
        voxels = head((12, 96, 96)).transpose(2, 1, 0).astype(np.float32) + i
        (tmp_path / "in").mkdir(exist_ok=True)
        nib.save(nib.Nifti1Image(voxels, np.diag([2, 2, 8, 1.0])), tmp_path / "in" / f"{i}_T1.nii.gz")
    model.save_pretrained(tmp_path / "model")
    out = tmp_path / "features.parquet"
    code = (
        "import selip_core.embed as e, sys; e._FILES_A_PART = 2; "
        f"e.embed({str(tmp_path / 'model')!r}, {str(tmp_path / 'in')!r}, {str(out)!r}, workers=1, progress=False)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while process.poll() is None and len(list(tmp_path.glob(".features.parquet.*.parts/0*.parquet"))) < 2:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    parts = list(tmp_path.glob(".features.parquet.*.parts/0*.parquet"))
    subprocess.run([sys.executable, "-c", code], check=True)
    whole = embed(tmp_path / "model", tmp_path / "in", workers=1, progress=False)
    assert len(parts) >= 2 and len(whole) == 8
    resumed = read_features(out)
    assert np.stack(resumed["feature"]) == pytest.approx(np.stack(whole["feature"]), abs=1e-6)


def test_search_orders_by_cosine_and_keeps_to_the_sequences_that_are_meant(model):
    with torch.inference_mode():
        features = model.eval().encode_text(SENTENCES).numpy()
    table = pd.DataFrame(
        {"path": ["a", "b", "c"], "sequence": ["T1", "T2", "T2"], "reason": "", "feature": list(features)}
    )
    found = search(model, table, SENTENCES[1])
    assert found["path"].iloc[0] == "b" and found["score"].iloc[0] == pytest.approx(1, abs=1e-5)
    assert found["score"].is_monotonic_decreasing and len(found) == 3
    assert set(search(model, table, "左侧额叶见长T2信号")["path"]) == {"b", "c"}
    assert search(model, table, SENTENCES[1], top=1, sequence="T1")["path"].tolist() == ["a"]


def test_search_says_what_is_wrong(model, tmp_path, capsys):
    table = pd.DataFrame({"path": ["a"], "sequence": ["T1"], "reason": "", "feature": [np.ones(3, np.float32)]})
    with pytest.raises(SelipError, match="query is empty"):
        search(model, table, "  ")
    with pytest.raises(SelipError, match="features have 3 numbers"):
        search(model, table, SENTENCES[0])
    with pytest.raises(SelipError, match="no series of ADC"):
        search(model, table, SENTENCES[0], sequence="ADC")
    (tmp_path / "f.parquet").write_text("no")
    assert search_main([str(tmp_path / "f.parquet"), str(tmp_path), "x"]) == 1
    assert "cannot be read as a table of features" in capsys.readouterr().err


def test_what_is_taken_for_a_segmentation_is_told(model, folder, capsys):
    before = len(embed_module.find_series([folder]))
    (folder / "a" / "GT_01_t1.nii.gz").write_bytes(b"x")
    assert len(embed_module.find_series([folder])) == before
    assert "1 files are segmentations by their names, as" in (said := capsys.readouterr().err) and "GT_01_t1" in said


def with_studies(folder):
    """Make of the three volumes a cohort of two studies of one patient, the second with a series that is broken."""
    (folder / "b" / "cut.nii.gz").write_bytes(b"no")
    rows = ["p,s1,T1,a/T1.nii.gz", "p,s1,FLAIR,a/FLAIR.nii.gz", "p,s2,DWI,b/dwi.nii", "p,s2,T1,b/cut.nii.gz"]
    (folder / "series.csv").write_text("\n".join(["patient_id,study_id,sequence,path", *rows]) + "\n")
    return folder


def test_a_study_has_one_row_and_the_feature_that_its_series_make_together(model, folder, tmp_path, capsys):
    table = embed(model, with_studies(folder), level="study", workers=1, progress=False)
    assert list(table) == embed_module.STUDY_COLUMNS and table["study_id"].tolist() == ["s1", "s2"]
    assert table["sequences"].tolist() == ["T1+FLAIR", "DWI"] and table["left_out"].tolist() == [0, 1]
    assert (table["reason"] == "").all() and (table["patient_id"] == "p").all()
    volumes = {name: model.preprocess(folder / f"a/{name}.nii.gz") for name in ("T1", "FLAIR")}
    with torch.inference_mode():
        assert table["feature"][0] == pytest.approx(model.encode_study(volumes).numpy(), abs=1e-5)
    saved = model.save_pretrained(tmp_path / "model")
    about = [str(saved), str(folder), "--out", str(tmp_path / "s.parquet"), "--level", "study", "--workers", "1"]
    assert main(about) == 3 and "2 studies embedded, 0 (1 series) not used" in capsys.readouterr().out
    found = search(model, read_features(tmp_path / "s.parquet"), SENTENCES[0], top=5)
    assert set(found["study_id"]) == {"s1", "s2"} and found["score"].is_monotonic_decreasing
    assert search_main([str(tmp_path / "s.parquet"), str(saved), SENTENCES[0], "--sequence", "DWI"]) == 0
    assert "p  s2  DWI" in (said := capsys.readouterr().out) and "s1" not in said


def test_without_ids_a_folder_is_a_study_and_one_without_a_usable_series_has_a_reason(model, folder, monkeypatch):
    (folder / "c").mkdir()
    (folder / "c" / "T2.nii.gz").write_bytes(b"no")
    table = embed(model, folder, level="study", workers=1, progress=False).set_index("study_id")
    assert table.index.tolist() == [str(folder / name) for name in "abc"]
    assert table.loc[str(folder / "a"), "sequences"] == "FLAIR+T1"
    broken = table.loc[str(folder / "c")]
    assert broken["feature"] is None and "T2.nii.gz" in broken["reason"] and broken["sequences"] == ""
    (folder / "a" / "old_T1.nii.gz").write_bytes((folder / "a" / "T1.nii.gz").read_bytes())
    with monkeypatch.context() as patch, pytest.raises(SelipError, match="has several series of T1, and one of each"):
        patch.setattr(embed_module, "_embedded", lambda *_: pytest.fail("encoded before it was told"))
        embed(model, folder, level="study", workers=1, progress=False)
    with pytest.raises(SelipError, match="level 'patient' is none of series, study"):
        embed(model, folder, level="patient", workers=1, progress=False)


def test_interrupted_studies_go_on_from_the_series_that_are_done(model, folder, tmp_path, monkeypatch):
    out, cut = tmp_path / "studies.parquet", []

    def stop(*_):
        cut.append(True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(embed_module, "_write", stop)
        with pytest.raises(KeyboardInterrupt):
            embed(model, with_studies(folder), out, level="study", workers=1, progress=False)
    monkeypatch.setattr(embed_module, "_features", lambda *_: pytest.fail("encoded again"))
    resumed = embed(model, folder, out, level="study", workers=1, progress=False)
    assert cut and len(resumed) == 2 and list(read_features(out)) == embed_module.STUDY_COLUMNS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "studies.parquet"]


def test_studies_of_one_id_in_two_cohorts_are_two(model, folder, tmp_path):
    for name, sequence in (("hospA", "T1"), ("hospB", "FLAIR")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "v.nii.gz").write_bytes((folder / "a" / f"{sequence}.nii.gz").read_bytes())
        (tmp_path / name / "series.csv").write_text(f"patient_id,sequence,path\nP001,{sequence},v.nii.gz\n")
    both = [tmp_path / "hospA", tmp_path / "hospB"]
    table = embed(model, both, level="study", workers=1, progress=False)
    assert table[["study_id", "sequences"]].to_numpy().tolist() == [["hospA/P001", "T1"], ["hospB/P001", "FLAIR"]]
    assert embed(model, both[:1], level="study", workers=1, progress=False)["study_id"].tolist() == ["P001"]


def test_features_of_another_model_are_not_searched(model, folder, tmp_path):
    embed(model, folder, tmp_path / "f.parquet", workers=1, progress=False)
    assert len(search(model, read_features(tmp_path / "f.parquet"), SENTENCES[0]))
    with torch.no_grad():
        model.log_logit_scale.mul_(1.5)
    with pytest.raises(SelipError, match="features are of another model"):
        search(model, read_features(tmp_path / "f.parquet"), SENTENCES[0])


def test_dicom_is_sent_to_ingest(model, tmp_path):
    write_series(tmp_path / "s", study="1.2.3", person=PERSON, voxels=head((2, 8, 8)), SeriesDescription="t1")
    with pytest.raises(SelipError, match="These are DICOM, as .*: python -m selip_core.ingest makes a cohort of them"):
        embed(model, tmp_path, workers=1, progress=False)
    file = next(path for path in (tmp_path / "s").rglob("*") if path.is_file())
    with pytest.raises(VolumeError, match="a DICOM file: python -m selip_core.ingest makes a cohort"):
        model.preprocess(file)
    with pytest.raises(VolumeError, match="a folder"):
        model.preprocess(tmp_path)
    assert "a DICOM file" in embed(model, file, workers=1, progress=False)["reason"][0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch-size", "0"], "--batch-size: 0 must be 1 or more"), (["--workers", "-1"], "--workers"),
        (["--out", "f.csv"], "f.csv: the table is written as Parquet, give a name that ends in .parquet"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_met_is_named(tmp_path, capsys, options, said):
    assert main([str(tmp_path), str(tmp_path), "--out", "f.parquet", *options]) == 2
    assert said in capsys.readouterr().err


def test_a_name_that_promises_another_format_is_refused(model, folder, tmp_path):
    with pytest.raises(SelipError, match="written as Parquet"):
        embed(model, folder, tmp_path / "f.csv", workers=1, progress=False)


TABLE = pd.DataFrame({"path": ["a", "b"], "sequence": ["FLAIR", "T2"], "reason": "",
                      "feature": [np.eye(16, dtype=np.float32)[i] for i in range(2)]})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top": 0}, "top must be 1 or more, not 0"), ({"top": -1}, "top must be 1 or more"),
        ({"sequence": "SWI"}, "sequence 'SWI' is unknown: known are T1"),
        ({"table": TABLE[["path"]]}, "table is no table of features: it lacks feature, reason, sequence; make it with"),
        ({"table": "f.parquet"}, "table must be a table of features, not str"),
        ({"text": "左侧额叶见长T2信号", "sequence": "flair"},
         "the query speaks of T2, and series of FLAIR alone are to be searched: they contradict each other"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_met_is_told(model, options, said):
    with pytest.raises(SelipError, match=said):
        search(model, **{"table": TABLE, "text": SENTENCES[0], **options})


def test_a_sequence_is_named_in_any_case(model):
    for name in ("t2", "T2WI"):
        assert search(model, TABLE, SENTENCES[0], sequence=name)["path"].tolist() == ["b"]
        assert search(model, TABLE, "左侧额叶见长T2信号，DWI呈高信号", sequence=name)["path"].tolist() == ["b"]


def test_the_search_command_names_what_is_wrong(model, folder, tmp_path, capsys):
    saved, table = str(model.save_pretrained(tmp_path / "model")), tmp_path / "f.parquet"
    (tmp_path / "f.csv").write_text("path,feature\n")
    wrong_files = ((table, "does not exist"), (tmp_path, "is a folder, no file"), (tmp_path / "f.csv", "in Parquet"))
    for file, said in wrong_files:
        assert search_main([str(file), saved, "x"]) == 1
        error = capsys.readouterr().err
        assert said in error and "make it with python -m selip_core.embed" in error
    for wrong in (["--top", "0"], ["--top", "-1"], ["--sequence", "SWI"]):
        assert search_main([str(table), saved, "x", *wrong]) == 2
        assert wrong[0] in capsys.readouterr().err
    embed(model, folder, table, workers=1, progress=False)
    assert search_main([str(table), saved, "qwertz", "--sequence", "flair"]) == 0
    said = capsys.readouterr().out
    assert "No finding of the lexicon is recognised in “qwertz”" in said and "FLAIR.nii.gz" in said
    assert search_main([str(table), saved, "左侧额叶片状高信号"]) == 0
    assert "No finding" not in capsys.readouterr().out
