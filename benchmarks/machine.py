"""The machine and the software that a number was measured with, and what they still need."""

import ast
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"sklearn": "scikit-learn", "lazy_loader": "lazy-loader", "yaml": "pyyaml", "PIL": "pillow"}
"""The package that brings a module, where it has another name."""
ON_THE_CPU_ALONE = ("ingest", "tables", "estimates", "startup", "volume_cache")
"""Modules here that a CUDA machine does not run, or (startup) in part only, where it can."""


def device_tests() -> list[Path]:
    """Return the test files that hold a test of each device."""
    takes_device = re.compile(r"^def \w+\(.*\bdevice\b.*\):", re.MULTILINE)
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    return [path for path in tests if takes_device.search(path.read_text(encoding="utf-8"))]


def needed_packages() -> list[str]:
    """Return the packages that the benchmarks and the CUDA tests import, wherever in their code, and pytest."""
    benchmarks = [path for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in ON_THE_CPU_ALONE]
    modules = {"pytest", *modules_imported([*benchmarks, *device_tests(), ROOT / "tests" / "conftest.py"], imports)}
    return sorted(PACKAGES.get(module, module) for module in modules)


def modules_imported(files: Iterable[Path], imported: Callable[[Path], list[tuple[str, str]]]) -> set[str]:
    """Return the modules of others that come with some files of this project, and with all that these import of it.

    `imported` tells what a file imports: modules, and names of them or nothing.
    """
    todo, seen, modules = list(files), set(), set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for module, name in imported(path):
            own = _own_file(module, name)
            top = module.partition(".")[0]
            if own is not None:
                packages = [folder / "__init__.py" for folder in own.relative_to(ROOT).parents]  # loaded on the way
                todo += [own, *(ROOT / package for package in packages if (ROOT / package).is_file())]
            elif top not in sys.stdlib_module_names and not (ROOT / top).exists():
                modules.add(top)
    return modules


def _own_file(module: str, name: str) -> Path | None:
    """Return the file of this project that ``from module import name`` needs; None where it is somebody else's."""
    folder = ROOT / module.replace(".", "/")
    stub = folder / "__init__.pyi"  # a lazy package says there where each name comes from
    shown = {
        alias.name: node.module for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) for alias in node.names
    } if stub.is_file() else {}  # fmt: skip
    inner = folder / shown[name].replace(".", "/") if name in shown else folder / name
    places = [inner.with_suffix(".py"), inner / "__init__.py"] if name else []
    places += [folder.with_suffix(".py"), folder / "__init__.py"]
    return next((place for place in places if place.is_file()), None)


def imports(path: Path) -> list[tuple[str, str]]:
    """Return the modules, and names of them, that a file imports, at its top or in its functions.

    The commands of the package (``main`` and its ``_work``) are left out: they are not what is measured.
    """
    tree, names = ast.parse(path.read_text(encoding="utf-8")), []
    if "selip_core" in path.parts:
        tree.body = [node for node in tree.body if getattr(node, "name", "") not in ("main", "_work")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "needs":  # what a room cannot do without
            names += [(word.value, "") for word in node.args[2:]]
    return names


def missing_packages() -> list[str]:
    """Return the packages that this Python lacks for the benchmarks and the CUDA tests."""
    modules = {package: module for module, package in PACKAGES.items()}
    return [package for package in needed_packages() if importlib.util.find_spec(modules.get(package, package)) is None]


def describe(device: str = "cpu") -> dict:
    """Return processor, cores, memory, system, versions, CUDA device, commit and date, for a benchmark's JSON."""
    import torch

    about = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
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


def load_now() -> float | None:
    """Return the mean number of processes that ran or waited in the last minute; None where the system has no count."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def slowed(about: dict) -> bool:
    """Return whether more processes wanted the machine than it has cores, while it was measured.

    Parameters
    ----------
    about : dict with ``load`` and ``cores``
    """
    # Choice: half a process more is what the parent, which waits, and the system add to a run that fills the cores
    return about["load"] is not None and about["load"] > about["cores"] + 0.5


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
    if sys.argv[1:] == ["--device-tests"]:
        print(*device_tests(), sep="\n")
    elif missing := missing_packages():
        words = " ".join(missing)
        sys.exit(
            f"this Python ({sys.executable}) lacks {', '.join(missing)}. Without a network, bring them as wheels: "
            f"`pip download --dest wheels {words}` on a machine with the same Python and a network, then here "
            f"`{sys.executable} -m pip install --no-index --find-links wheels {words}`"
        )
