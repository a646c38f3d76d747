"""The committed measurements are of what the benchmarks measure by default now; else they are to be measured again."""

import json

import pytest

from benchmarks import embedding, largest_batch, measure, training


def committed(name):
    found = json.loads((measure.RESULTS / f"{name}_cpu.json").read_text(encoding="utf-8"))
    return found["machine"], found["rows"]


def grid(shape):
    return "×".join(map(str, shape))


def test_the_committed_steps_are_those_of_the_default(monkeypatch):
    machine, rows = committed("training")
    monkeypatch.setattr(training, "processors", lambda: machine["cores"])
    keys = ("encoder", "text", "shape", "batch", "variant", "threads")
    found = [tuple(row[key] for key in keys) for row in rows if row["what"] == "pretraining step"]
    wanted = [{"threads": 1, **row, "shape": grid(row["shape"])} for row in training.default_rows("cpu", tiny=False)]
    assert found == [tuple(row[key] for key in keys) for row in wanted]


def test_the_committed_rows_of_embedding_are_those_of_the_default():
    machine, rows = committed("embedding")
    asked = embedding.default_rows("cpu", tiny=False, processes=machine["cores"])
    named = {"shape": "shape", "batch": "batch", "series": "series", "workers": "processes"}
    assert len(rows) == len(asked)
    for row, (job, given) in zip(rows, asked, strict=True):
        wanted = {named[key]: value for key, value in given.items() if key in named}
        wanted["shape"] = grid(wanted["shape"])
        if job is embedding.searching:  # of features, whatever the volumes were
            del wanted["shape"]
            assert row["what"].endswith("gallery made once") == given["once"]
        assert {key: row[key] for key in wanted} == wanted


def test_the_committed_largest_batches_are_those_of_the_default():
    _, rows = committed("largest_batch")
    keys = ("encoder", "text", "shape", "variant", "bound")
    wanted = [
        {**row["setting"], "shape": grid(row["setting"]["shape"]), "variant": row["variant"],
         "bound": largest_batch.bound_said(row["bound_mb"])} for row in largest_batch.default_rows("cpu", tiny=False)
    ]  # fmt: skip
    assert [{key: row[key] for key in keys} for row in rows] == wanted


def test_committed_measurements_are_seen():
    names = {path.stem for path in measure.RESULTS.glob("*.json")}
    assert {f"{name}_cpu" for name in ("training", "embedding", "largest_batch", "startup")} <= names
    assert all(committed(name.removesuffix("_cpu"))[1] for name in names if name.endswith("_cpu"))


@pytest.mark.parametrize("path", sorted(measure.RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_committed_measurement_is_of_committed_code(path):
    """A ``+`` says that code had been changed since the commit."""
    assert not json.loads(path.read_text(encoding="utf-8"))["machine"]["commit"].endswith("+")
