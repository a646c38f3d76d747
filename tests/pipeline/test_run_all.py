"""The pipeline skips, resumes, fails in three lines, and catches what papermill lets pass; on throw-away notebooks."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from selip_core._utils.files import alone_in, read_json
from selip_core.pipeline import execution
from selip_core.pipeline import run_all as pipeline
from selip_core.pipeline.execution import NotebookFailure, check_parameters, clock
from tests.helpers.places import ROOT

PARAMETERS = 'profile = "demo"\nseed = 0\ncohort = "embedded"\ndevice = "auto"'
GIVEN = {"profile": "smoke", "seed": 0, "cohort": "embedded", "device": "cpu"}
SMOKE = ["--profile", "smoke", "--device", "cpu"]
# What start_run and finish leave, without importing torch: each throw-away notebook then takes about a second.
QUICK_START = """
from selip_core.pipeline import paths
from selip_core.pipeline import records
from selip_core._utils import files
inputs = records.run_inputs("{name}", profile=profile, seed=seed, cohort=cohort)
folder = paths.results_dir(profile, "{name}")
upstream = files.read_json(paths.results_dir(profile, "{upstream}") / "run.json") if "{upstream}" else None
record = dict(inputs=inputs, by_pipeline=True, device="cpu", peak_memory_mb=1, peak_memory_children_mb=1, seed=seed,
              upstream=dict([("{upstream}", upstream["run_id"])]) if upstream else dict(), data_source="a test")
files.write_json(folder / "run.json", dict(record, finished=False))
"""
QUICK_FINISH = """
import uuid
metric = dict(value=0.5, low=0.4, high=0.6, n=3, unit="", headline=True)
files.write_json(folder / "metrics.json", dict(metrics={"top 10": metric}))
files.write_json(folder / "run.json", dict(record, finished=True, run_id=uuid.uuid4().hex))
"""


def write_notebook(folder, name, body="1 + 1", *, upstream="", parameters=PARAMETERS, finish=QUICK_FINISH, tagged=True):
    tags = {"tags": ["parameters"]} if tagged else {}
    cells = [
        new_markdown_cell(f"# {name}"),
        new_code_cell(parameters, metadata=tags),
        new_code_cell(QUICK_START.replace("{name}", name).replace("{upstream}", upstream)),
        new_code_cell(body),
        new_code_cell(finish),
    ]
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(pipeline, "processors", lambda: 1)  # one notebook at a time, but where a test says two
    for name in ("SELIP_CALLED_FROM", "SELIP_PIPELINE"):
        monkeypatch.delenv(name, raising=False)
    handler = signal.getsignal(signal.SIGTERM)
    before = dict(os.environ)
    yield tmp_path
    signal.signal(signal.SIGTERM, handler)
    os.environ.clear()
    os.environ.update(before)


def states(out):
    """Return the words after each notebook: skipped, running (why), done."""
    return [line.split("  ", 1)[1].strip() for line in out.splitlines() if line.startswith("[")]


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


def test_the_answer_ends_the_run_where_there_is_one(project, capsys):
    write_notebook(
        project,
        "09_summary",
        body="""
columns = "outcome,method,value,low,high,n,data_source"
rows = [f"findings recall@10,{m},0.4,0.35,0.45,90,a test" for m in ("constant answer", "scratch", "CLIP", "SeLIP",
        "label smoothing", "sharp SeLIP")]
files.write_text(folder / "tables" / "answer.csv", chr(10).join([columns, *rows]))
files.write_text(folder / "answer.md", "They read the image. " * 9 + chr(10))""",
    )
    assert pipeline.main(SMOKE) == 0
    end = capsys.readouterr().out.partition("done in")[2]
    assert "They read the image." in end and "top 10" not in end  # the headline numbers are not told as well
    lines = end.splitlines()[1:-1]
    assert max(map(len, lines)) <= 120
    at = next(i for i, line in enumerate(lines) if line.startswith("findings"))
    assert lines[at].split().count("0.400") == 6 and lines[at + 1].count("0.350 to 0.450") == 6
    assert "Data: a test." in lines


def test_failure_is_three_lines_and_the_next_run_starts_there(project, capsys):
    write_notebook(project, "01_one")
    write_notebook(project, "02_two", body="raise ValueError('broken\\nhere')")
    write_notebook(project, "03_three")
    assert pipeline.main(SMOKE) == 1
    captured = capsys.readouterr()
    executed = project / "results" / "smoke" / "02_two" / "executed.ipynb"
    assert captured.err.splitlines() == [
        f"notebook: 02_two (executed copy: {executed})",
        "cell:     4 of 5: raise ValueError('broken\\nhere')",
        "cause:    ValueError: broken here",
    ]
    assert "03_three" not in captured.out
    assert "ValueError" in executed.read_text(encoding="utf-8")
    assert "ValueError" in (executed.parent / "log.txt").read_text(encoding="utf-8")

    write_notebook(project, "02_two")
    assert pipeline.main(SMOKE) == 0
    begun = [state for state in states(capsys.readouterr().out) if "done" not in state]
    assert begun == ["unchanged, skipped", "running (did not finish last time)", "running (not run yet)"]


def test_parameters_arrive_with_their_types(project):
    body = "assert (profile, seed, cohort) == ('smoke', 7, COHORT), (profile, seed, cohort)"
    (project / "001").mkdir()
    cohort = str(project / "001")
    write_notebook(project, "01_one", body=body.replace("COHORT", repr(cohort)))
    assert pipeline.main([*SMOKE, "--seed", "007", "--cohort", cohort]) == 0


@pytest.mark.parametrize("last", ["1", "import os; os._exit(1)"], ids=["no finish", "killed kernel"])
def test_a_run_that_never_finishes_is_a_failure(project, capsys, last):
    write_notebook(project, "01_one", finish=last)
    assert pipeline.main(SMOKE) == 1
    assert ("without run.finish()" if last == "1" else "kernel died") in capsys.readouterr().err


@pytest.mark.parametrize("error", [DeadKernelError("Kernel died"), RuntimeError("Kernel died before replying to x")])
def test_a_kernel_that_dies_as_it_starts_died_like_any_other(tmp_path, error):
    progress = execution._Progress(5, 1, tmp_path / "log.txt")
    told = str(execution._failure("01_one", tmp_path / "executed.ipynb", progress, error))
    assert "cause:    the kernel died, most often for lack of memory" in told


def test_a_full_disk_says_what_to_do_wherever_it_is_noticed(project, tmp_path, capsys):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "executed.ipynb")  # papermill's own file
    told = str(execution._failure("01_one", tmp_path, execution._Progress(5, 1, tmp_path / "log.txt"), full))
    advice = "check free space and permissions, then run again"
    assert told.endswith(f"cause:    No space left on device: 'executed.ipynb'; {advice}")
    write_notebook(project, "01_one", "open('/dev/full', 'w', buffering=1).write('a line\\n')")
    assert pipeline.main(SMOKE) == 1
    assert capsys.readouterr().err.rstrip().endswith(f"cause:    No space left on device; {advice}")


def test_a_log_that_cannot_be_written_any_more_is_three_lines(project):
    write_notebook(project, "01_one", "log = folder / 'log.txt'\nlog.unlink()\nlog.mkdir()\nprint('told')")
    done = subprocess.run(
        [sys.executable, "-m", "selip_core.pipeline", *SMOKE], cwd=ROOT, capture_output=True, text=True
    )
    told = done.stderr.splitlines()  # nothing of asyncio's, at the end of the process either
    assert done.returncode == 1 and len(told) == 3 and told[2].startswith("cause:    IsADirectoryError"), told


def test_ignored_parameters_are_a_failure(project, capsys):
    write_notebook(project, "01_one", finish="inputs['seed'] = 0\n" + QUICK_FINISH)
    assert pipeline.main([*SMOKE, "--seed", "1"]) == 1
    assert "other parameters" in capsys.readouterr().err


@pytest.mark.parametrize("given", [".", None])
def test_a_kernel_works_with_the_package_of_the_pipeline(project, monkeypatch, given):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", given) if given else monkeypatch.delenv("PYTHONPATH")
    body = f"import os, selip_core; assert os.environ['PYTHONPATH'].split(os.pathsep)[0] == {str(ROOT)!r}\n"
    write_notebook(project, "01_one", body + f"assert selip_core.__file__.startswith({str(ROOT)!r})")
    assert pipeline.main(SMOKE) == 0


def test_lost_tag_stops_before_anything_runs(project, capsys):
    write_notebook(project, "01_one", tagged=False)
    assert pipeline.main(SMOKE) == 1
    assert "0 cells are tagged 'parameters'" in capsys.readouterr().err
    assert not (project / "results" / "smoke" / "01_one" / "executed.ipynb").exists()


@pytest.mark.parametrize(
    ("parameters", "cause"),
    [
        (PARAMETERS.replace("seed", "sed"), "unknown parameter 'seed'"),
        (PARAMETERS.replace("0", "'0'"), "'seed' is str there, int here"),
        (PARAMETERS + "\nname = profile + 'x'", "only assign literals"),
        (PARAMETERS + "\n(", "only assign literals"),
    ],
)
def test_parameters_that_papermill_lets_pass_are_refused(project, parameters, cause):
    path = write_notebook(project, "01_one", parameters=parameters)
    with pytest.raises(NotebookFailure, match=cause):
        check_parameters(path, GIVEN)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--profile", "huge"], "unknown profile 'huge'"),
        (["study"], "unrecognized arguments: study, is --profile study meant?"),
        (["--colour", "red"], "--colour"),
        (["--prof", "demo"], "--prof"),
        (["--seed", "x"], "--seed 'x'"),
        (["--seed", "-1"], "--seed"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--cohort", "nowhere"], "cohort folder nowhere does not exist"),
        (["--lgg", "nowhere"], "TCGA-LGG folder nowhere does not exist"),
        (["--openi", "nowhere.csv"], "OpenI table nowhere.csv does not exist"),
        (["--only", "42"], "no notebook '42': there are 01_one"),
        (["--from", "01", "--only", "01"], "exclude"),
        (["stray"], "unrecognized arguments: stray (--help"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(project, capsys, arguments, word):
    write_notebook(project, "01_one")
    assert pipeline.main(arguments) == 2
    err = capsys.readouterr().err
    assert word in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["01_one", "02_two", "03_three"]),
        (["--from", "02"], ["02_two", "03_three"]),
        (["--from", "2"], ["02_two", "03_three"]),
        (["--only", "02_two"], ["02_two"]),
    ],
)
def test_from_and_only_choose_notebooks(project, arguments, names):
    for name in ("01_one", "02_two", "03_three"):
        write_notebook(project, name)
    assert [path.stem for path in pipeline.parse_options(arguments).notebooks] == names


def test_relative_cohort_is_relative_to_the_caller(project, monkeypatch):
    write_notebook(project, "01_one")
    (project / "here" / "mine").mkdir(parents=True)
    monkeypatch.setenv("SELIP_CALLED_FROM", str(project / "here"))
    assert pipeline.parse_options(["--cohort", "mine"]).cohort == str(project / "here" / "mine")


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
    assert pipeline.reason_to_run("01_one", options, inputs) == reason


@pytest.mark.parametrize("left", ["", '{"metadata": {"pap', '{"metadata": {"papermill": {"end_time": null}}}'])
def test_a_kill_between_the_last_cell_and_the_executed_copy_is_made_good(project, capsys, left):
    write_notebook(project, "01_one")
    assert pipeline.main(SMOKE) == 0
    executed = project / "results" / "smoke" / "01_one" / "executed.ipynb"
    executed.write_text(left, encoding="utf-8")
    assert pipeline.main(SMOKE) == 0
    assert "running (did not finish last time)" in capsys.readouterr().out
    assert nbformat.read(executed, as_version=4).cells


def test_two_runs_at_once_are_one_run_and_a_line(project, capsys):
    write_notebook(project, "01_one")
    with alone_in(project / "results" / "smoke", "run_all.sh"):
        assert pipeline.main(SMOKE) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(rf"another run_all.sh \(process {os.getpid()} on .*\) is at work in .*smoke: wait .*\n", told)
    assert pipeline.main(SMOKE) == 0


def test_results_that_cannot_be_written_are_a_line(project, capsys):
    write_notebook(project, "01_one")
    (project / "results").write_text("no folder")
    assert pipeline.main(SMOKE) == 1
    assert re.fullmatch(r"cannot write .*\.lock: .*; check free space and permissions.*\n", capsys.readouterr().err)


def test_the_line_moves_with_the_steps_of_a_long_cell(tmp_path, monkeypatch):
    body = """import time
from tqdm.auto import tqdm
with tqdm(total=20, desc="pretraining runs", unit="run", miniters=1) as bar:
    for step in range(20):
        bar.set_postfix_str(f"SeLIP, seed {step // 10}, 50 %")
        time.sleep(0.15)
        bar.update()"""
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(body)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "long.ipynb")
    shown, show = [], execution._Progress._show
    monkeypatch.setattr(execution._Progress, "_show", lambda self, text: (show(self, text), shown.append(self.detail)))
    with execution.own_kernels(tmp_path):
        long = execution.Execution(tmp_path / "long.ipynb", tmp_path / "results", GIVEN, "long")
        execution.watch([long])
    assert long.ended() and long.result() > 3
    counts = {int(found[1]) for line in shown if (found := re.match(r"(\d+)/20\s.*SeLIP,\sseed\s[01],\s50\s%", line))}
    assert len(counts) >= 10


def test_fresh_forgets_what_lay_there(project, capsys):
    write_notebook(project, "01_one")
    old = project / "results" / "smoke" / "01_one" / "checkpoints"
    old.mkdir(parents=True)
    assert pipeline.main([*SMOKE, "--fresh"]) == 0
    assert not old.exists()
    assert "running (--fresh)" in capsys.readouterr().out


def test_interrupt_ends_the_kernels_and_says_so(project):
    body = "import os, pathlib, time\npathlib.Path('{name}').write_text(str(os.getpid()))\ntime.sleep(60)"
    for name in ("01_one", "02_two"):
        write_notebook(project, name, body=body.replace("{name}", name))
    two = "import sys; from selip_core.pipeline import run_all as p; p.processors = lambda: 2; sys.exit(p.main())"
    process = subprocess.Popen(
        [sys.executable, "-c", two, *SMOKE], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell that runs the tests in the background hands down an ignored SIGINT; a user's terminal does not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    pids = [project / "notebooks" / name for name in ("01_one", "02_two")]
    deadline = time.monotonic() + 60
    while not all(pid.exists() and pid.read_text() for pid in pids) and time.monotonic() < deadline and (
        process.poll() is None
    ):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: the same command continues from here" in err
    assert "Traceback" not in err
    time.sleep(0.5)
    for pid in pids:
        status = Path(f"/proc/{pid.read_text()}/stat")
        assert not status.exists() or status.read_text().split(")")[1].split()[0] == "Z"


def test_clock():
    assert [clock(0), clock(61), clock(3723)] == ["0:00", "1:01", "1:02:03"]


def test_a_finished_kernel_is_not_given_time_to_clean_up(project):
    write_notebook(project, "01_one", "import atexit, pathlib\natexit.register(pathlib.Path('cleaned').touch)")
    assert pipeline.main(SMOKE) == 0
    assert not list(project.rglob("cleaned"))


def begun_and_ended(told):
    """Return the numbers of the notebooks as they began (+) and ended (-)."""
    return re.findall(r"\] (\d\d)_\w+ +(running|done|failed)", told)


TIMED = """import os, time
began = time.time()
time.sleep(1.5)
when = dict(began=began, ended=time.time(), threads=os.environ.get("OMP_NUM_THREADS"))
files.write_json(folder / "when.json", when)"""


def test_smoke_runs_two_at_once_that_read_nothing_of_each_other(project, capsys, monkeypatch):
    monkeypatch.setattr(pipeline, "processors", lambda: 2)
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
    monkeypatch.setattr(pipeline, "processors", lambda: 2)
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
    monkeypatch.setattr(pipeline, "processors", lambda: 1)
    assert pipeline.main(SMOKE) == 0 and begun_and_ended(capsys.readouterr().out) == in_turn
    monkeypatch.setattr(pipeline, "processors", lambda: 2)
    assert pipeline.main(["--profile", "demo", "--device", "cpu"]) == 0
    assert begun_and_ended(capsys.readouterr().out) == in_turn
