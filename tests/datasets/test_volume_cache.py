"""The cache of preprocessed volumes: complete, resumable, and never stopped by one bad series."""

import errno
import json
import os
import subprocess
import sys
import time
from collections import Counter
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from selip_core._utils.parallel import AHEAD
from selip_core.config import PreprocessingSettings
from selip_core.datasets import shards, volume_cache
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.volume_cache import build_cache, open_cache
from selip_core.errors import SelipError
from selip_core.preprocessing import preprocess
from tests.helpers.places import ROOT

SETTINGS = PreprocessingSettings(spacing_mm=(20.0, 12.0, 12.0), shape=(6, 16, 12))


def write_volume(path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in (16, 18, 10)), indexing="ij")
    voxels = (x**2 + y**2 + z**2 < 0.8) * rng.uniform(80, 120, x.shape)
    nib.save(nib.Nifti1Image(voxels.astype(np.float32), np.diag([10.0, 10.0, 14.0, 1.0])), path)


@pytest.fixture
def folder(tmp_path):
    """Four good patients (one of them called NA) and one series of each kind that cannot be used."""
    directory = tmp_path / "cohort"
    directory.mkdir()
    good = ["0001", "0002", "NA", "0003"]
    for number, patient in enumerate(good):
        write_volume(directory / f"{patient}.nii.gz", number)
    (directory / "text.nii.gz").write_bytes(b"no volume")
    for name, voxels in (("empty", np.zeros((16, 16, 8))), ("four", np.ones((16, 16, 8, 2)))):
        nib.save(
            nib.Nifti1Image(voxels.astype(np.float32), np.diag([10.0, 10.0, 10.0, 1.0])), directory / f"{name}.nii.gz"
        )
    ids = ["0001", "text", "0002", "NA", "empty", "four", "missing", "0003"]
    (directory / "series.csv").write_text("patient_id,sequence,path\n" + "".join(f"{i},T1,{i}.nii.gz\n" for i in ids))
    (directory / "reports.csv").write_text("patient_id,findings\n" + "".join(f"{i},x\n" for i in ids))
    return directory


def build(folder, out, **options):
    return build_cache(load_cohort(folder), SETTINGS, out, **{"workers": 1, "progress": False, **options})


def test_every_series_is_in_the_index_or_excluded_with_a_reason(folder, tmp_path):
    cache = build(folder, tmp_path / "cache")
    assert cache.volumes.shape == (8, 1, 6, 16, 12)
    assert cache.volumes.dtype == np.float16
    assert isinstance(cache.volumes[0].base, np.memmap)
    assert list(cache.index["patient_id"]) == ["0001", "0002", "NA", "0003"]
    assert {"row", "study_id", "sequence", "path", "shape", "spacing_mm", "orientation"} <= set(cache.index.columns)
    reasons = dict(zip(cache.excluded["patient_id"], cache.excluded["reason"], strict=True))
    assert set(reasons) == {"text", "empty", "four", "missing"}
    for patient, part in (
        ("text", "not gzipped, though named so"),
        ("empty", "is empty"),
        ("four", "4-D"),
        ("missing", "no such file"),
    ):
        assert reasons[patient].startswith(f"{patient}.nii.gz: ")  # the path within the cohort, no longer one
        assert part in reasons[patient]


def test_cached_volumes_are_those_of_preprocess(folder, tmp_path):
    cache = build(folder, tmp_path / "cache")
    for row in cache.index.itertuples():
        expected = preprocess(folder / row.path, **SETTINGS.model_dump()).numpy().astype(np.float16)
        np.testing.assert_array_equal(cache.volumes[row.row], expected)
    for number in set(range(8)) - set(cache.index["row"]):
        assert not cache.volumes[number].any()


ONE = 2 * 6 * 16 * 12
"""Bytes of a volume."""


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("workers", "bytes_a_file", "files"), [(2, 8 * ONE, 1), (2, 3 * ONE, 3), (1, 3 * ONE, 3)])
def test_one_process_or_two_in_one_file_or_three_give_the_same(
    folder, tmp_path, monkeypatch, workers, bytes_a_file, files
):
    alone = build(folder, tmp_path / "alone")
    monkeypatch.setattr(shards, "SHARD_BYTES", bytes_a_file)
    monkeypatch.setattr(volume_cache, "_LEAST_PER_WORKER", 4)
    together = build(folder, tmp_path / "together", workers=workers)
    assert len(list((tmp_path / "together").glob("volumes-*.npy"))) == files
    np.testing.assert_array_equal(alone.volumes, together.volumes)
    assert alone.index.equals(together.index)
    assert alone.excluded.equals(together.excluded)


def test_a_finished_cache_is_opened_without_work(folder, tmp_path, monkeypatch):
    build(folder, tmp_path / "cache")
    monkeypatch.setattr(volume_cache, "preprocess_array", lambda *a, **k: pytest.fail("preprocessed again"))
    assert len(build(folder, tmp_path / "cache").index) == 4
    assert len(open_cache(tmp_path / "cache").index) == 4


@pytest.mark.parametrize("change", ["settings", "volume", "report"])
def test_what_changed_is_made_again(folder, tmp_path, change):
    before = np.array(build(folder, tmp_path / "cache").volumes)
    settings = SETTINGS
    if change == "settings":
        settings = SETTINGS.model_copy(update={"spacing_mm": (20.0, 10.0, 10.0)})
    elif change == "volume":
        write_volume(folder / "0001.nii.gz", 99)
    else:
        (folder / "reports.csv").write_text("patient_id,findings\n0001,y\n")
    after = build_cache(load_cohort(folder), settings, tmp_path / "cache", workers=1, progress=False)
    assert np.array_equal(before[0], after.volumes[0]) == (change == "report")


def as_before_shards(directory):
    """Make of a cache of one file one as caches were before: without outcomes, and a log that stays."""
    meta = json.loads((directory / "cache.json").read_text())
    del meta["volumes_a_file"]
    (directory / "cache.json").write_text(json.dumps(meta))
    for path in directory.glob("*-00000.*"):
        path.rename(path.with_name(path.name.replace("-00000", "")))
    (directory / "outcomes.json").unlink(missing_ok=True)


def test_a_cache_of_the_old_form_still_opens(folder, tmp_path, monkeypatch):
    expected = build(folder, tmp_path / "cache")
    as_before_shards(tmp_path / "cache")
    monkeypatch.setattr(volume_cache, "preprocess_array", lambda *a, **k: pytest.fail("preprocessed again"))
    for cache in (open_cache(tmp_path / "cache"), build(folder, tmp_path / "cache")):
        np.testing.assert_array_equal(cache.volumes, expected.volumes)
        assert cache.index.equals(expected.index)


def test_an_unfinished_cache_of_the_old_form_goes_on(folder, tmp_path, monkeypatch):
    expected = build(folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            build(folder, tmp_path / "cache")
    as_before_shards(tmp_path / "cache")
    begun = interrupt_after(monkeypatch, 99)
    np.testing.assert_array_equal(build(folder, tmp_path / "cache").volumes, expected.volumes)
    assert len(begun) == 5 and (tmp_path / "cache" / "volumes.npy").exists()


@pytest.mark.parametrize(
    ("loss", "again"), [(None, 1), ("volumes-00000.npy", 4), ("outcomes-00001.json", 4), ("cut", 4)]
)
def test_of_a_file_that_is_finished_nothing_is_done_again(folder, tmp_path, monkeypatch, loss, again):
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * ONE)
    build(folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 7)
        with pytest.raises(KeyboardInterrupt):
            build(folder, tmp_path / "cache")
    if loss == "cut":
        os.truncate(tmp_path / "cache" / "volumes-00001.npy", 1000)
    elif loss:
        (tmp_path / "cache" / loss).unlink()
    begun = interrupt_after(monkeypatch, 99)
    monkeypatch.setattr(shards, "SHARD_BYTES", 10**9)  # a cache that is begun keeps its files
    build(folder, tmp_path / "cache")
    assert len(begun) == again and contents(tmp_path / "cache") == contents(tmp_path / "whole")


def test_a_file_that_has_gone_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * ONE)
    build(folder, tmp_path / "cache")
    (tmp_path / "cache" / "volumes-00001.npy").unlink()
    with pytest.raises(SelipError, match=r"lacks 1 of its files, volumes-00001\.npy first: delete it and run again"):
        open_cache(tmp_path / "cache")


def test_a_disk_without_room_for_all_files_is_told_before_any_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(volume_cache.shutil, "disk_usage", lambda path: SimpleNamespace(free=8 * ONE - 1))
    monkeypatch.setattr(volume_cache, "preprocess_array", lambda *a, **k: pytest.fail("worked without room"))
    with pytest.raises(SelipError, match=r"the volumes take 0\.0 GB and 0\.0 are free; free some space"):
        build(folder, tmp_path / "cache")


def interrupt_after(monkeypatch, n: int) -> list:
    """Let the n+1st series be interrupted; return what was begun."""
    begun, real = [], volume_cache.preprocess_array

    def counted(path, **options):
        if len(begun) == n:
            raise KeyboardInterrupt
        begun.append(path)
        return real(path, **options)

    monkeypatch.setattr(volume_cache, "preprocess_array", counted)
    return begun


def test_an_interrupted_build_continues(folder, tmp_path, monkeypatch):
    expected = build(folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            build(folder, tmp_path / "cache")
    with pytest.raises(SelipError, match="no finished volume cache: run notebook 01"):
        open_cache(tmp_path / "cache")
    with monkeypatch.context() as patch:
        begun = interrupt_after(patch, 99)
        cache = build(folder, tmp_path / "cache")
    assert len(begun) == 8 - 3
    np.testing.assert_array_equal(cache.volumes, expected.volumes)
    assert cache.index.equals(expected.index)


@pytest.mark.parametrize(
    ("loss", "again"), [("volumes lost", 8), ("log cut", 6), ("row not written", 6), ("log without checksums", 8)]
)
def test_a_damaged_unfinished_cache_is_mended(folder, tmp_path, monkeypatch, loss, again):
    expected = build(folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            build(folder, tmp_path / "cache")
    log = tmp_path / "cache" / "done-00000.jsonl"
    if loss == "volumes lost":
        (tmp_path / "cache" / "volumes-00000.npy").unlink()
    elif loss == "log cut":
        log.write_bytes(log.read_bytes()[:-7])
    elif loss == "row not written":  # the log reached the disk before the volume did
        np.load(tmp_path / "cache" / "volumes-00000.npy", mmap_mode="r+")[2] = 0
    else:
        log.write_text("".join(json.dumps(json.loads(line)[:2]) + "\n" for line in log.read_text().splitlines()))
    with monkeypatch.context() as patch:
        begun = interrupt_after(patch, 99)
        np.testing.assert_array_equal(build(folder, tmp_path / "cache").volumes, expected.volumes)
    assert len(begun) == again


KILLED = """
import os, sys, time
from pathlib import Path
from selip_core.datasets import volume_cache
from selip_core.datasets.cohort import load_cohort
from selip_core.config import PreprocessingSettings

real = volume_cache.preprocess_array

def counted(path, **options):
    begun = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(begun, f"{path.name}\\n".encode())
    os.close(begun)
    time.sleep(0.02)
    return real(path, **options)

volume_cache.preprocess_array = counted  # in this process, and in those that it starts
if __name__ == "__main__":
    settings = PreprocessingSettings(spacing_mm=(20.0, 12.0, 12.0), shape=(6, 16, 12))
    cohort = load_cohort(sys.argv[1])
    volume_cache.build_cache(cohort, settings, Path(sys.argv[2]), workers=int(sys.argv[4]), progress=False)
"""


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_build_loses_nothing_and_repeats_only_what_was_in_flight(folder, tmp_path, workers):
    ids = [f"P{i:02}" for i in range(40)]
    for i, patient in enumerate(ids):
        write_volume(folder / f"{patient}.nii.gz", i)
    (folder / "series.csv").write_text("patient_id,sequence,path\n" + "".join(f"{i},T1,{i}.nii.gz\n" for i in ids))
    (tmp_path / "killed.py").write_text(KILLED)
    begun = tmp_path / "begun.txt"
    arguments = [sys.executable, tmp_path / "killed.py", folder, tmp_path / "cache", begun, str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for n in np.random.default_rng(workers).integers(3, 30, 2):  # two kills, each after n more series were begun
        before = len(begun.read_text().split()) if begun.exists() else 0
        process = subprocess.Popen(arguments, env=environment, start_new_session=True)
        deadline = time.monotonic() + 30
        while process.poll() is None and (not begun.exists() or len(begun.read_text().split()) < before + n):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
        process.wait()
        while is_alive(process.pid):  # the processes that it started end by themselves
            assert time.monotonic() < deadline
            time.sleep(0.01)
    subprocess.run(arguments, env=environment, check=True)
    times = Counter(begun.read_text().split())
    in_flight = 1 if workers == 1 else workers * AHEAD
    assert set(times) == {f"{patient}.nii.gz" for patient in ids}
    assert sum(times.values()) - len(ids) <= 2 * in_flight
    whole = build(folder, tmp_path / "whole")
    for name in ("volumes-00000.npy", "index.csv", "excluded.csv"):
        assert (tmp_path / "cache" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert whole.index["patient_id"].tolist() == ids


def test_a_kill_while_an_old_cache_is_cleared_can_be_resumed(folder, tmp_path):
    build(folder, tmp_path / "cache")
    (tmp_path / "cache" / "cache.json").unlink()  # as if killed before the new description was there
    (tmp_path / "cache" / ".cache.77.partial.json").write_text("{")
    (tmp_path / "cache" / ".volumes-00002.77.partial.npy").write_bytes(b"half")
    (tmp_path / "cache" / ".volumes-00000.npy").write_bytes(b"half")
    assert len(build(folder, tmp_path / "cache").index) == 4


def test_what_killed_processes_left_half_made_goes_when_the_cache_is_finished(folder, tmp_path, monkeypatch):
    build(folder, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            build(folder, tmp_path / "cache")
    for name in (".volumes-00000.77.partial.npy", ".outcomes-00000.77.partial.json", "done-00001.jsonl"):
        (tmp_path / "cache" / name).write_bytes(b"half")
    build(folder, tmp_path / "cache")
    assert contents(tmp_path / "cache") == contents(tmp_path / "whole")


def test_an_unforeseen_failure_excludes_the_series_only(folder, tmp_path, monkeypatch):
    real = volume_cache.preprocess_array

    def failing(path, **options):
        if path.name == "0002.nii.gz":
            raise ZeroDivisionError("odd")
        return real(path, **options)

    monkeypatch.setattr(volume_cache, "preprocess_array", failing)
    cache = build(folder, tmp_path / "cache")
    reason = cache.excluded.set_index("patient_id").loc["0002", "reason"]
    assert "0002.nii.gz: ZeroDivisionError: odd" in reason


def test_a_full_disk_names_the_folder_before_any_work(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    monkeypatch.setattr(volume_cache, "preprocess_array", lambda *a, **k: pytest.fail("worked on a full disk"))
    with pytest.raises(SelipError, match=r"cannot write .*cache.*No space left on device.*run again"):
        build(folder, tmp_path / "cache")
    assert not (tmp_path / "cache" / "volumes-00000.npy").exists()


def test_no_usable_series_stops_and_gives_the_first_reason(folder, tmp_path):
    (folder / "series.csv").write_text("patient_id,sequence,path\ntext,T1,text.nii.gz\n")
    with pytest.raises(SelipError, match=r"none of the 1 series .*text\.nii\.gz: not gzipped, though named so"):
        build(folder, tmp_path / "cache")


def test_a_folder_with_other_files_is_never_cleared(folder, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(SelipError, match="holds files that are no volume cache"):
        build(folder, tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"
