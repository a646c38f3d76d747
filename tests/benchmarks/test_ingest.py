import json

from benchmarks import ingest, measure


def test_the_benchmark_of_ingest_runs_and_writes_json(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "in_child", lambda job, *, threads, **arguments: job(**arguments))
    ingest.main(["--tiny", "--out", str(tmp_path)])
    (row,) = json.loads((tmp_path / "ingest_cpu.json").read_text(encoding="utf-8"))["rows"]
    assert row["series"] == 3 and row["files"] == 72 and row["series_a_second"] > 0
