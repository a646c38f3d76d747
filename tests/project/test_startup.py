import subprocess
import sys

from tests.helpers.places import PACKAGE

SECONDS_TO_IMPORT = {"monai", "transformers", "accelerate", "nilearn", "jieba", "plotly", "ipyniivue"}
"""Packages that are imported by the function that uses them."""


def loaded_by(modules):
    """Return the top-level names of all that is loaded once `modules` are imported by a fresh Python."""
    code = f"import sys; import {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    return set(run.stdout.split())


def test_the_package_and_the_command_line_start_without_numerical_libraries():
    loaded = loaded_by(["selip_core", "selip_core.pipeline.run_all", "selip_core.pipeline.paths"])
    assert not loaded & (SECONDS_TO_IMPORT | {"numpy", "torch", "pandas", "scipy", "matplotlib", "papermill"})


def modules_of_the_package():
    """Return the name of every module, but for the commands' ``__main__``."""
    paths = [path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py") if path.name != "__main__.py"]
    return sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths)


def test_no_module_brings_what_takes_seconds_to_import():
    own = {"selip_core.automodel"}  # its classes are transformers' own; nothing else imports it
    modules = [name for name in modules_of_the_package() if name not in own]
    assert {"selip_core.search", "selip_core.reports.parser", "selip_core.datasets.synthetic.cohort"} < set(modules)
    assert not loaded_by(modules) & SECONDS_TO_IMPORT


def test_seeding_asks_for_deterministic_algorithms_without_importing_the_compiler():
    code = (
        "import sys, torch; from selip_core._utils.devices import set_seeds; set_seeds(0); "
        "assert torch.get_deterministic_debug_mode() == 1; "
        "assert 'torch._dynamo' not in sys.modules; "
        "import torch._inductor.config as compiler; assert compiler.deterministic"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=True)
