import json

from benchmarks import measure, volume_cache
from selip_core.datasets import shards
from selip_core.datasets import volume_cache as measured


def test_the_volume_cache_is_timed_in_all_its_parts_and_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "in_child", lambda job, *, threads, limit_s, **arguments: job(**arguments))
    monkeypatch.setattr(shards, "SHARD_BYTES", shards.SHARD_BYTES)  # what the benchmark puts there is taken back
    monkeypatch.setattr(measured, "preprocess_array", measured.preprocess_array)
    (tmp_path / "disk").mkdir()
    volume_cache.main(["--tiny", "--out", str(tmp_path), "--folder", str(tmp_path / "disk")])
    rows = json.loads((tmp_path / "volume_cache_cpu.json").read_text(encoding="utf-8"))["rows"]
    assert [row["what"].split()[0] for row in rows] == ["files", "gone", "opened", "random", "random"]
    assert all(row["files"] == 5 and row["volumes"] == 40 for row in rows)
    assert all(row["mb_a_second"] > 0 for row in rows if row["what"].startswith(("files", "random")))
    assert not list((tmp_path / "disk").iterdir())
