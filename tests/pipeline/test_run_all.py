"""The pipeline skips, resumes, fails in three lines, and catches what papermill lets pass; on throw-away notebooks."""

import errno
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
from nbformat.v4 import new_code_cell, new_notebook

from selip_core._utils.files import alone_in
from selip_core.pipeline import execution
from selip_core.pipeline import run_all as pipeline
from selip_core.pipeline.execution import NotebookFailure, check_parameters, clock
from tests.helpers.places import ROOT
from tests.helpers.throw_away_notebooks import GIVEN, PARAMETERS, QUICK_FINISH, SMOKE, states, write_notebook

pytestmark = pytest.mark.usefixtures("project")


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
        (["--cohort", __file__], f"cohort folder {__file__} is a file, no folder"),
        (["--openi", str(Path(__file__).parent)], f"OpenI table {Path(__file__).parent} is a folder, no file"),
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


def test_interrupt_ends_the_kernels_and_says_so(project):
    body = "import os, pathlib, time\npathlib.Path('{name}').write_text(str(os.getpid()))\ntime.sleep(60)"
    for name in ("01_one", "02_two"):
        write_notebook(project, name, body=body.replace("{name}", name))
    two = "import sys; from selip_core.pipeline import run_all, up_to_date as u; "
    two += "u.processors = lambda: 2; sys.exit(run_all.main())"
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
