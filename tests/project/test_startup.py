import subprocess
import sys

from tests.helpers.modules import SECONDS_TO_IMPORT
from tests.helpers.places import PACKAGE


def loaded_by(modules):
    """Return the top-level names of all that is loaded once `modules` are imported by a fresh Python."""
    code = f"import sys; import {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    return set(run.stdout.split())


def test_the_package_and_the_command_line_start_without_numerical_libraries():
    modules = ["selip_core", "selip_core.pipeline.run_all", "selip_core.pipeline.paths", "selip_core.pretrain"]
    loaded = loaded_by(modules)
    assert not loaded & (SECONDS_TO_IMPORT | {"numpy", "torch", "pandas", "scipy", "matplotlib", "papermill"})


def test_seeding_asks_for_deterministic_algorithms_without_importing_the_compiler():
    code = (
        "import sys, torch; from selip_core._utils.devices import set_seeds; set_seeds(0); "
        "assert torch.get_deterministic_debug_mode() == 1; "
        "assert 'torch._dynamo' not in sys.modules; "
        "import torch._inductor.config as compiler; assert compiler.deterministic"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=True)
