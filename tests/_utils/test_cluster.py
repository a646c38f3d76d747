"""Work on a Dask cluster of two workers: what it makes is what this machine makes, and its logs tell nothing."""

import os
import threading
import time
from functools import partial
from hashlib import sha256

import nibabel as nib
import numpy as np
import pytest

from selip_core._utils import cluster as module
from selip_core._utils.cluster import VARIABLE, Cluster, on_cluster
from selip_core._utils.parallel import AHEAD, in_processes
from selip_core.config import PreprocessingSettings
from selip_core.datasets import shards
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.volume_cache import build_cache
from selip_core.embed import embed
from selip_core.embed import main as embed_main
from selip_core.errors import SelipError
from selip_core.ingest.__main__ import main as ingest_main
from selip_core.ingest.build import ingest
from selip_core.pipeline.run_all import main as run_all_main
from selip_core.search import read_features
from tests.helpers.dask_cluster import SmallCluster
from tests.helpers.data import PREPROCESSED
from tests.helpers.dicom_files import PERSON, head, write_series

REPORT = "左侧额叶见片状长T1长T2信号影"
SECRETS = [*PERSON["PatientName"].split("^"), PERSON["PatientID"], PERSON["PatientAddress"], REPORT, "ZhangSan"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = SmallCluster(tmp_path_factory.mktemp("cluster"))
    made.fill(2)
    yield made
    made.end()


@pytest.fixture
def dask(cluster):
    """The cluster with a worker at least: starting one takes longer than a test."""
    cluster.fill(1)
    return cluster


@pytest.fixture
def two(cluster):
    """The cluster with two workers, one of which may be killed."""
    cluster.fill(2)
    return cluster


def kill_when(two, is_time):
    """Kill a worker as soon as it is time; return the thread that waits for it."""

    def watch():
        while not is_time():
            time.sleep(0.001)
        two.kill_one()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def files_of(folder):
    """Return every file of a folder by its name, with a checksum of its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def test_results_come_in_the_order_of_the_items_and_no_further_ahead_than_at_home(two):
    there = Cluster(str(two.file))
    assert list(in_processes(abs, range(-9, 9), 1, chunk=4, cluster=there)) == [abs(i) for i in range(-9, 9)]
    taken = []
    results = on_cluster(abs, (taken.append(i) or i for i in range(100)), there, chunk=2, ahead=AHEAD)
    for n in range(5):
        assert next(results) == n and len(taken) <= 2 * AHEAD * 2 + n
    results.close()


def test_nothing_to_do_asks_no_cluster():
    assert list(on_cluster(abs, [], Cluster("tcp://127.0.0.1:1"), chunk=1, ahead=1)) == []


def test_an_error_of_one_item_reaches_the_caller_after_those_before_it(dask):
    results = on_cluster(int, ["1", "x", "4"], Cluster(str(dask.file)), chunk=1, ahead=AHEAD)
    assert next(results) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)


@pytest.mark.parametrize(("changed", "said"), [
    ("_beginning", "does not see the files that this process sees"),
    ("code_fingerprint", r"other software.*code of embed [0-9a-f]{16} there, other here"),
    ("writes", "may not write to the folder"),
])  # fmt: skip
def test_a_worker_that_could_make_something_else_is_not_given_work(dask, tmp_path, monkeypatch, changed, said):
    from selip_core.embed import _preprocess

    (tmp_path / "ZhangSan").touch()
    if changed != "writes":
        monkeypatch.setattr(module, changed, lambda *given: "other")
    given = Cluster(str(dask.file), (tmp_path / "ZhangSan",), tmp_path / "gone" if changed == "writes" else tmp_path)
    with pytest.raises(SelipError, match=said) as error:
        list(on_cluster(partial(_preprocess, options={}), ["x"], given, chunk=1, ahead=AHEAD))
    assert "ZhangSan" not in str(error.value)


@pytest.fixture
def hospital(tmp_path):
    """Six studies of two series each, with names in headers and paths, one of which cannot be read, and reports."""
    source = tmp_path / "in" / "ZhangSan"
    for i in range(6):
        person = {**PERSON, "PatientID": f"{PERSON['PatientID']}{i}", "AccessionNumber": f"A{i}"}
        for j, sequence in enumerate(("t1_fl2d_tra", "t2_tse_tra")):
            write_series(source / f"{i}" / f"{j}", study=f"1.2.{i}", series=f"1.2.{i}.{j}", person=person,
                         SeriesDescription=sequence, SeriesNumber=j)  # fmt: skip
    (source / "ZhangSan_t2.nii.gz").write_bytes(b"no volume")
    lines = [f"A{i},{PERSON['PatientName']},{REPORT}。" for i in range(6)]
    (tmp_path / "reports.csv").write_text("检查号,患者姓名,检查所见\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return {"source": source, "reports": tmp_path / "reports.csv", "keep_ids": True, "progress": False}


def test_a_killed_worker_changes_nothing_of_an_ingested_cohort(two, hospital, tmp_path):
    expected = ingest(out=tmp_path / "at home" / "out", workers=1, **hospital)
    out = tmp_path / "there" / "out"
    killing = kill_when(two, lambda: any(out.rglob("*.nii.gz")))
    assert ingest(out=out, dask=str(two.file), **hospital) == expected
    killing.join()
    assert len(two.alive()) == 1 and expected["series"] == 12
    assert files_of(out) == files_of(tmp_path / "at home" / "out")
    assert ingest(out=out, workers=1, **hospital) == expected  # who did it makes it no other cohort


@pytest.fixture
def cohort(tmp_path):
    """Sixteen series, one of which cannot be used."""
    folder = tmp_path / "cohort"
    folder.mkdir()
    for i in range(15):
        voxels = head((12, 96, 96)).transpose(2, 1, 0) * np.random.default_rng(i).uniform(0.5, 1, (96, 96, 12))
        nib.save(nib.Nifti1Image(voxels.astype(np.float32), np.diag([2, 2, 8, 1.0])), folder / f"{i}.nii.gz")
    rows = "".join(f"{i},T1,{i}.nii.gz\n" for i in range(16))
    (folder / "series.csv").write_text("patient_id,sequence,path\n" + rows)
    (folder / "reports.csv").write_text("patient_id,findings\n" + "".join(f"{i},x\n" for i in range(16)))
    return load_cohort(folder)


SETTINGS = PreprocessingSettings(spacing_mm=(8.0, 2.0, 2.0), shape=(12, 96, 96))


def test_a_killed_worker_changes_nothing_of_a_volume_cache(two, cohort, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 2 * 2 * 12 * 96 * 96)
    build_cache(cohort, SETTINGS, tmp_path / "at home", workers=1, progress=False)
    there, finished = tmp_path / "there", []

    def begun():
        finished[:] = there.glob("outcomes-*.json")
        return finished

    killing = kill_when(two, begun)
    monkeypatch.setenv(VARIABLE, str(two.file))
    cache = build_cache(cohort, SETTINGS, there, progress=False)
    killing.join()
    assert 0 < len(finished) < 8 and len(two.alive()) == 1
    assert len(cache.index) == 15 and len(list(there.glob("volumes-*.npy"))) == 8
    assert files_of(there) == files_of(tmp_path / "at home")


def test_a_volume_cache_goes_on_from_what_was_made_at_home_and_makes_no_file_again(dask, cohort, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 4 * 2 * 12 * 96 * 96)
    build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)
    expected = files_of(tmp_path / "cache")
    meta = (tmp_path / "cache" / "cache.json").read_text(encoding="utf-8")
    (tmp_path / "cache" / "cache.json").write_text(meta.replace("true", "false"), encoding="utf-8")
    for name in ("outcomes-00002.json", "volumes-00003.npy"):
        (tmp_path / "cache" / name).unlink()
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("volumes-*")}
    build_cache(cohort, SETTINGS, tmp_path / "cache", progress=False, dask=str(dask.file))
    assert files_of(tmp_path / "cache") == expected
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("volumes-*")}
    assert sorted(name for name in times if times[name] == now[name]) == ["volumes-00000.npy", "volumes-00001.npy"]


def test_a_killed_worker_changes_nothing_of_a_table_of_features(two, cohort, tmp_path, tiny_model, monkeypatch):
    tiny_model.config |= PREPROCESSED
    tiny_model.save_pretrained(tmp_path / "model")
    words = [str(tmp_path / "model"), str(cohort.directory), "--batch-size", "2", "--out"]
    assert embed_main([*words, str(tmp_path / "at home.parquet"), "--workers", "1"]) == 3
    began = threading.Event()
    killing = kill_when(two, began.is_set)
    monkeypatch.setattr("selip_core.embed._features", lambda *given, real=embed.__globals__["_features"]:
                        began.set() or real(*given))  # fmt: skip
    assert embed_main([*words, str(tmp_path / "there.parquet"), "--dask", str(two.file)]) == 3
    killing.join()
    assert len(two.alive()) == 1
    assert (tmp_path / "at home.parquet").read_bytes() == (tmp_path / "there.parquet").read_bytes()
    assert len(read_features(tmp_path / "there.parquet")) == 16


def test_no_log_of_a_worker_tells_a_name_or_a_report_of_all_the_work_above(dask):
    for secret in SECRETS:
        with pytest.raises(ValueError, match=secret):
            list(on_cluster(int, [secret], Cluster(str(dask.file)), chunk=1, ahead=AHEAD))
    assert not [secret for secret in SECRETS if secret in dask.logs()]
    from distributed import Client

    with Client(scheduler_file=str(dask.file), set_as_default=False) as client:  # so it would be, given as it is
        assert client.submit(int, "ZhangSan").exception()
    assert "ZhangSan" in dask.logs()


@pytest.mark.parametrize(("command", "words"), [
    (ingest_main, ["in", "--out", "out"]), (embed_main, ["model", "in", "--out", "f.parquet"]),
    (run_all_main, ["--profile", "smoke"]),
])  # fmt: skip
def test_a_wrong_address_is_one_line_before_any_work(command, words, monkeypatch, capsys, tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    (tmp_path / "scheduler.json").write_text("{}")
    for address, said in (("tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1"),
                          ("nowhere.json", "nowhere.json is neither the address of a Dask scheduler (tcp://host:"),
                          ("scheduler.json", "scheduler.json is no Dask scheduler file")):  # fmt: skip
        assert command([*words, "--dask", address]) == 1
        told = capsys.readouterr().err
        assert said in told and len(told.splitlines()) == 1


def test_without_the_extra_it_is_named_in_one_line(monkeypatch, capsys):
    found = module.needs.__globals__["importlib"].util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "distributed" else found(name))
    assert ingest_main(["in", "--out", "out", "--dask", "tcp://127.0.0.1:1"]) == 1
    told = capsys.readouterr().err
    assert "--dask needs distributed" in told and "'selip[cluster]'" in told and len(told.splitlines()) == 1


def test_processes_of_this_machine_and_of_a_cluster_exclude_each_other(capsys):
    assert ingest_main(["in", "--out", "out", "--dask", "tcp://127.0.0.1:1", "--workers", "2"]) == 2
    assert "give one of them" in capsys.readouterr().err


def test_work_that_kills_every_worker_is_given_up_with_a_sentence(two):
    with pytest.raises(SelipError, match="workers died of the same work again and again"):
        list(on_cluster(os._exit, [1], Cluster(str(two.file)), chunk=1, ahead=AHEAD))
    for worker in two.workers:
        worker.wait(timeout=30)  # its connection is gone before it is


def test_where_nobody_works_that_is_said_and_a_scheduler_that_goes_is_a_sentence(cluster, monkeypatch):
    for worker in cluster.alive():
        worker.kill()
        worker.wait()
    told = []
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(module, "print", lambda text, **_: told.append(text) or cluster.scheduler.kill(), raising=False)
    with pytest.raises(SelipError, match="the Dask scheduler has gone: start it and its workers, then run again"):
        list(on_cluster(abs, [1], Cluster(str(cluster.file)), chunk=1, ahead=AHEAD))
    assert told == ["no Dask worker is there: waiting for one"]


def test_a_worker_whose_code_was_changed_under_it_is_told_apart(monkeypatch):
    assert module._changed() == []
    monkeypatch.setitem(module._FIRST_SEEN, "selip_core.preprocessing", 0.0)
    with pytest.raises(SelipError, match="has loaded code that was changed since .*start the workers again"):
        module._check.__wrapped__("", Cluster("x"), ())
