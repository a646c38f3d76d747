"""The machine and the software that a number was measured with."""

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

NEEDED = {
    "torch": "torch", "transformers": "transformers", "monai": "monai", "nibabel": "nibabel", "jieba": "jieba",
    "nilearn": "nilearn", "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "sklearn": "scikit-learn",
    "pydantic": "pydantic", "yaml": "pyyaml", "tqdm": "tqdm", "safetensors": "safetensors", "matplotlib": "matplotlib",
    "seaborn": "seaborn", "statsmodels": "statsmodels", "threadpoolctl": "threadpoolctl", "pytest": "pytest",
}  # fmt: skip
"""What the benchmarks and the CUDA tests import, and the package each comes from."""


def missing_packages() -> list[str]:
    """Return the packages that this Python lacks for the benchmarks and the CUDA tests."""
    return [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]


def describe(device: str = "cpu") -> dict:
    """Return processor, cores, memory, load, system, versions, CUDA device, commit and date, for a benchmark's JSON.

    ``load`` is the mean number of processes that ran or waited in the last quarter of an hour, the benchmark's own one
    among them: much more than 1 means that other work slowed it down.
    """
    import torch

    about = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "load": round(os.getloadavg()[2], 1) if hasattr(os, "getloadavg") else None,
        "os": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": importlib.metadata.version("transformers"),
        "device": device,
        "cuda_device": None,
        "commit": _commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    if device.startswith("cuda"):
        properties = torch.cuda.get_device_properties(device)
        about["cuda_device"] = f"{properties.name}, {properties.total_memory / 2**30:.0f} GB, CUDA {torch.version.cuda}"
    return about


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return None


def _commit() -> str | None:
    """Return the commit of the working tree, with ``+`` where code was changed since; None outside of a repository."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/*.py")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


if __name__ == "__main__":
    missing = missing_packages()
    if missing:
        words = " ".join(missing)
        sys.exit(
            f"this Python ({sys.executable}) lacks {', '.join(missing)}. Without a network, bring them as wheels: "
            f"`pip download --dest wheels {words}` on a machine with the same Python and a network, then here "
            f"`{sys.executable} -m pip install --no-index --find-links wheels {words}`"
        )
