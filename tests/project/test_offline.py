"""After the installation nothing needs the network: the first notebook and every import, where there is none at all."""

import os
import shutil
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from tests.helpers.cohort_files import REPORTS, SERIES, write
from tests.helpers.modules import SECONDS_TO_IMPORT, module_names
from tests.helpers.places import PACKAGE, ROOT

# A network namespace of its own has not even a running loopback, by which the kernel of a notebook is reached.
LOOPBACK = """
import fcntl, socket, struct, sys
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack("16sh", b"lo", 1 | 64))
with socket.socket() as elsewhere:
    elsewhere.settimeout(2)
    assert elsewhere.connect_ex(("1.1.1.1", 443)), "there is a network"
"""
PIPELINE = (
    LOOPBACK
    + """
from selip_core.pipeline.run_all import main
sys.exit(main(["--profile", "smoke", "--device", "cpu", "--only", "01", "--cohort", sys.argv[1]]))
"""
)
IMPORTS = """
import importlib, sys
own = "selip_core.automodel"  # its classes are transformers' own; nothing else imports it
for name in sys.argv[1:]:
    if name != own:
        importlib.import_module(name)
print(*{name.partition(".")[0] for name in sys.modules})
importlib.import_module(own)
"""
ALONE = ("unshare", "--map-root-user", "--net")


def why_not() -> str:
    """Return why the network cannot be taken away here; nothing where it can."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "no unshare here, which takes the network away"
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        return "unshare may not take the network away here"
    return ""


def python(*words, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SELIP_", "HF_"))}
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True,
                          env={**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment})  # fmt: skip


def test_every_module_is_imported_without_network_and_without_what_takes_seconds():
    """Where the network cannot be taken away, the second half of it."""
    names = module_names(list(PACKAGE.rglob("*.py")))
    assert {"selip_core.search", "selip_core.reports.parser", "selip_core.datasets.synthetic.cohort"} < set(names)
    alone, code = ((), IMPORTS) if why_not() else (ALONE, LOOPBACK + IMPORTS)
    done = python(*alone, sys.executable, "-c", code, *names)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"torch", "seaborn"} < loaded and not loaded & SECONDS_TO_IMPORT


def test_the_first_notebook_runs_without_network(tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    cohort = tmp_path / "cohort"
    cohort.mkdir()
    x, y, z = np.mgrid[-1:1:40j, -1:1:48j, -1:1:20j]
    head = (400 * (x**2 + y**2 + z**2 < 0.8) + np.random.default_rng(0).normal(0, 9, x.shape)).astype(np.float32)
    for name in "abc":
        nib.save(nib.Nifti1Image(head, np.diag([5, 5, 8, 1])), cohort / f"{name}.nii.gz")
    write(cohort, SERIES, REPORTS)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "01_data_curation.ipynb", tmp_path / "notebooks")
    home = tmp_path / "home"  # no cache of anything
    home.mkdir()
    done = python(*ALONE, sys.executable, "-c", PIPELINE, str(cohort), SELIP_ROOT=str(tmp_path), HOME=str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "results" / "smoke" / "report.html").exists()
