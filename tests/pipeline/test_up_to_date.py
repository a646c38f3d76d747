"""Notebooks are skipped, run again for a reason, and run two at once where a profile says so; on throw-away ones."""

import json
import os
import re

import nbformat
import pytest

from selip_core._utils.files import read_json
from selip_core.pipeline import run_all as pipeline
from selip_core.pipeline import up_to_date
from tests.helpers.throw_away_notebooks import PARAMETERS, QUICK_START, SMOKE, states, write_notebook

pytestmark = pytest.mark.usefixtures("project")


def test_runs_skips_and_runs_again_what_changed(project, capsys):
    write_notebook(project, "01_one")
    write_notebook(project, "02_two", upstream="01_one")
    write_notebook(project, "03_three")
    assert pipeline.main(SMOKE) == 0
    out = capsys.readouterr().out
    assert out.count("done in") == 3
    assert "0.4 to 0.6" in out
    assert str(project / "results" / "smoke" / "report.html") in out

    assert pipeline.main(SMOKE) == 0
    assert states(capsys.readouterr().out) == ["unchanged, skipped"] * 3

    write_notebook(project, "01_one", body="2 + 2")  # 02 builds on it, 03 does not
    assert pipeline.main(SMOKE) == 0
    begun = [state for state in states(capsys.readouterr().out) if "done" not in state]
    assert begun == ["running (its text or its code changed)", "running (01_one ran again)", "unchanged, skipped"]


def test_a_run_with_published_data_is_not_overwritten_by_one_without(project, capsys):
    start = QUICK_START.replace("cohort=cohort)", "cohort=cohort, lgg=lgg)")
    path = write_notebook(project, "11_real", parameters=f'{PARAMETERS}\nlgg = "none"')
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source = start.replace("{name}", "11_real").replace("{upstream}", "")
    nbformat.write(notebook, path)
    data = project / "collection"
    data.mkdir()
    assert pipeline.main([*SMOKE, "--lgg", str(data)]) == 0
    before = (project / "results" / "smoke" / "11_real" / "run.json").read_bytes()
    capsys.readouterr()
    assert pipeline.main(SMOKE) == 0
    assert states(capsys.readouterr().out) == ["was run with --lgg: kept; give them again to renew it"]
    assert (project / "results" / "smoke" / "11_real" / "run.json").read_bytes() == before
    assert pipeline.main([*SMOKE, "--lgg", str(data)]) == 0
    assert states(capsys.readouterr().out) == ["unchanged, skipped"]
    assert pipeline.main([*SMOKE, "--fresh"]) == 0
    assert "done in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"by_pipeline": False}, "last run outside run_all.sh"),
        ({"finished": False}, "did not finish last time"),
        ({"inputs": {"seed": 1}}, "seed changed"),
        ({"inputs": {"settings": "b"}}, "settings changed"),
        ({"device": "cuda"}, "device changed"),
        ({"upstream": {"00_gone": "x"}}, "00_gone ran again"),
    ],
)
def test_reason_to_run(project, change, reason):
    write_notebook(project, "01_one")
    options = pipeline.parse_options(SMOKE)
    inputs = {"code": "a", "settings": "a", "cohort": "a", "seed": 0}
    record = {"finished": True, "by_pipeline": True, "inputs": inputs, "device": "cpu", "upstream": {}}
    record |= {key: {**record[key], **v} if isinstance(v, dict) else v for key, v in change.items()}
    folder = project / "results" / "smoke" / "01_one"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    whole = {"metadata": {"papermill": {"end_time": "2026-01-01T00:00:00", "exception": None}}}
    (folder / "executed.ipynb").write_text(json.dumps(whole), encoding="utf-8")
    assert up_to_date.reason_to_run("01_one", options, inputs) == reason


@pytest.mark.parametrize("left", ["", '{"metadata": {"pap', '{"metadata": {"papermill": {"end_time": null}}}'])
def test_a_kill_between_the_last_cell_and_the_executed_copy_is_made_good(project, capsys, left):
    write_notebook(project, "01_one")
    assert pipeline.main(SMOKE) == 0
    executed = project / "results" / "smoke" / "01_one" / "executed.ipynb"
    executed.write_text(left, encoding="utf-8")
    assert pipeline.main(SMOKE) == 0
    assert "running (did not finish last time)" in capsys.readouterr().out
    assert nbformat.read(executed, as_version=4).cells


def test_fresh_forgets_what_lay_there(project, capsys):
    write_notebook(project, "01_one")
    old = project / "results" / "smoke" / "01_one" / "checkpoints"
    old.mkdir(parents=True)
    assert pipeline.main([*SMOKE, "--fresh"]) == 0
    assert not old.exists()
    assert "running (--fresh)" in capsys.readouterr().out


def begun_and_ended(told):
    """Return number and state of the notebooks as they began and ended."""
    return re.findall(r"\] (\d\d)_\w+ +(running|done|failed)", told)


TIMED = """import os, time
began = time.time()
time.sleep(1.5)
when = dict(began=began, ended=time.time(), threads=os.environ.get("OMP_NUM_THREADS"))
files.write_json(folder / "when.json", when)"""


def test_smoke_runs_two_at_once_that_read_nothing_of_each_other(project, capsys, monkeypatch):
    monkeypatch.setattr(up_to_date, "processors", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for name, upstream in (("01_one", ""), ("02_two", "01_one"), ("03_three", "01_one"), ("04_four", "03_three")):
        write_notebook(project, name, body=TIMED, upstream=upstream)
    here = os.getcwd()
    assert pipeline.main(SMOKE) == 0 and os.getcwd() == here
    told = capsys.readouterr().out
    one, two, three, four = (read_json(path) for path in sorted(project.glob("results/smoke/*/when.json")))
    assert {when["threads"] for when in (one, two, three, four)} == {"1"} and "OMP_NUM_THREADS" not in os.environ
    assert one["ended"] < min(two["began"], three["began"])
    assert two["began"] < three["ended"] and three["began"] < two["ended"] and three["ended"] < four["began"]
    assert len(begun_and_ended(told)) == 8 and begun_and_ended(told)[0] == ("01", "running")
    assert pipeline.main(SMOKE) == 0
    assert capsys.readouterr().out.count("unchanged, skipped") == 4


def test_where_one_of_two_fails_the_other_comes_to_its_end_and_no_more_are_begun(project, capsys, monkeypatch):
    monkeypatch.setattr(up_to_date, "processors", lambda: 2)
    write_notebook(project, "01_one", body="raise ValueError('broken')")
    write_notebook(project, "02_two", body=TIMED)
    write_notebook(project, "03_three")
    assert pipeline.main(SMOKE) == 1
    told = capsys.readouterr()
    assert begun_and_ended(told.out) == [("01", "running"), ("02", "running"), ("01", "failed"), ("02", "done")]
    assert told.err.startswith("notebook: 01_one") and "broken" in told.err
    write_notebook(project, "01_one")
    assert pipeline.main(SMOKE) == 0
    assert "02_two    unchanged, skipped" in capsys.readouterr().out


def test_other_profiles_and_a_single_processor_run_one_at_a_time(project, capsys, monkeypatch):
    for name in ("01_one", "02_two"):
        write_notebook(project, name)
    in_turn = [("01", "running"), ("01", "done"), ("02", "running"), ("02", "done")]
    monkeypatch.setattr(up_to_date, "processors", lambda: 1)
    assert pipeline.main(SMOKE) == 0 and begun_and_ended(capsys.readouterr().out) == in_turn
    monkeypatch.setattr(up_to_date, "processors", lambda: 2)
    assert pipeline.main(["--profile", "demo", "--device", "cpu"]) == 0
    assert begun_and_ended(capsys.readouterr().out) == in_turn
