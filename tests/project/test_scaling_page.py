import os
import re
import shlex
import subprocess

from benchmarks import tables
from selip_core import pretrain


def test_the_tables_of_the_scaling_page_are_those_of_the_committed_json():
    page = tables.PAGE.read_text(encoding="utf-8")
    assert tables.filled(page) == page
    assert all(f"<!-- table: {name}, cpu -->" in page for name in [*tables.TABLES, "estimates", "growth"])


def commands_of(page):
    """Return the words of every command of a page's blocks of code, continued lines joined."""
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def test_every_pretraining_command_of_the_scaling_page_is_understood():
    page = tables.PAGE.read_text(encoding="utf-8")
    commands = [words for words in commands_of(page) if "selip_core.pretrain" in words]
    assert len(commands) == 6
    for words in commands:
        options = pretrain.parse(words[words.index("selip_core.pretrain") + 1 :])
        assert options.profile in ("paper", "smoke")


def test_the_slurm_script_of_the_page_meets_at_the_first_machine(tmp_path):
    script = re.search(r"```bash\n(#!/bin/bash.*?)```", tables.PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    stubs = {"scontrol": 'printf "node7\\nnode8\\n"', "srun": '"$@"', ".venv/bin/torchrun": 'echo "$@"'}
    for name, does in stubs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_NODELIST": "node[7-8]", "SLURM_JOB_NUM_NODES": "2",
             "SLURM_JOB_ID": "42"}  # fmt: skip
    run = subprocess.run(["bash", "-eu"], input=script, env=given, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    asked = "--nnodes 2 --nproc-per-node 8 --rdzv-id 42 --rdzv-backend c10d --rdzv-endpoint node7:29500 -m"
    assert run.stdout.startswith(asked)
