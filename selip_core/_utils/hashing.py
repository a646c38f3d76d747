"""Fingerprints: of any data, of weights, of a folder, and of what modules of this package do."""

import ast
import functools
import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

_PACKAGE = Path(__file__).resolve().parents[1]
_NO_ARITHMETIC = {"config", "errors", "_utils.cluster", "_utils.files", "_utils.hashing", "pipeline.paths"}
_TOLD = {"print", "warnings.warn"}
_LEFT_BESIDE = re.compile(r"\..*|~\$.*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""Hidden files, a lock on a table that is open in an office program, and pictures of folders."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def digest(*parts: str | bytes) -> str:
    """Return 16 hexadecimal digits that change when any part, or the order of parts, does."""
    total = hashlib.sha256()
    for part in parts:
        # a file name may be no UTF-8
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return 16 hexadecimal digits that change when the content of a file does."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def weights_digest(model: "nn.Module") -> str:
    """Return 16 hexadecimal digits that change when any weight or running statistic of a model does."""
    import torch

    tensors = (tensor.detach().cpu().contiguous().reshape(-1) for tensor in model.state_dict().values())
    return digest(*(tensor.view(torch.uint8).numpy().tobytes() for tensor in tensors))  # numpy has no bfloat16


def notebook_imports(path: Path) -> list[str]:
    """Return the modules of this package that the code cells of a notebook import; cells that do not parse import none.

    Raises
    ------
    ModuleNotFoundError
        If the package has no such module.
    """
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        lines = "".join(cell["source"]).splitlines() if cell["cell_type"] == "code" else []
        with suppress(SyntaxError):  # the kernel will say it better
            tree = ast.parse("\n".join(line for line in lines if not line.lstrip().startswith(("%", "!"))))
            found += _imported_modules(ast.walk(tree), path.stem)
    return found


def code_fingerprint(*modules: str) -> str:
    """Return the fingerprint of what modules of this package do: their code, and all that they import from it.

    This is the one rule by which finished work is kept or done anew: a cohort, a training run and a notebook each name
    the modules that they start from. Comments and docstrings do not count, nor do imports for the type checker, nor
    the words of what is raised, printed or warned of. A data file counts for the module beside it that names it, a
    folder of data with all that it holds. A package that is imported as a whole counts with all that it shows, for any
    of it may be used later. Modules that hold settings, or only find and write files or say where work is
    done, are left out: their values are fingerprinted where they are used.

    Parameters
    ----------
    modules : str
        Names below the package, ``losses`` or ``pretraining.loop``.

    Raises
    ------
    ModuleNotFoundError
        If one of them, or what they import from this package, is not there.
    """
    found: dict[str, tuple[str | bytes, ...]] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name in _NO_ARITHMETIC:
            continue
        path = _module_file(name)
        status = path.stat()
        text, words, imported = _read_module(name, path, status.st_mtime_ns, status.st_size)
        found[name] = (name, text, *_data_named_by(words, path.parent))
        waiting += imported
        if path.name == "__init__.py":
            waiting += [_home(module, shown) for module, shown in _shown_by(name).values()]
    return digest(*(part for name in sorted(found) for part in found[name]))


@functools.cache  # a run of all notebooks asks for most modules ten times
def _read_module(name: str, path: Path, changed_ns: int, size: int) -> tuple[str, frozenset[str], tuple[str, ...]]:
    """Return of a module's file as it is now: its code without what it says, its strings, what it imports."""
    tree = _without_docstrings(ast.parse(path.read_text(encoding="utf-8")))
    nodes = list(ast.walk(tree))
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    words = frozenset(word for word in constants if isinstance(word, str) and _PLAIN_NAME.fullmatch(word))
    imported = tuple(_imported_modules(nodes, name))
    _empty_messages(nodes)  # they may name a data file that is read
    return ast.unparse(tree), words, imported


def _module_file(name: str) -> Path:
    """Return the file of a module, or the ``__init__.py`` of a package."""
    place = _PACKAGE.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    raise ModuleNotFoundError(f"{_PACKAGE.name} has no module {name!r} to take the fingerprint of")


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Drop what no run depends on: docstrings, strings below a constant, and imports for the type checker."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.mod, ast.stmt, ast.excepthandler, ast.match_case)):
            continue
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                kept = [s for s in statements if not _says_nothing(s)]
                setattr(node, block, kept or [ast.Pass()] * (block == "body"))
    return tree


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING" and not statement.orelse


def _empty_messages(nodes: Iterable[ast.AST]) -> None:
    """Empty the strings of what is raised, printed or warned of; other values stay, for an exception may carry one."""
    for node in nodes:
        if isinstance(node, ast.Raise):
            call = node.exc
        elif isinstance(node, ast.Expr):
            call = node.value
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) in _TOLD):
                continue
        else:
            continue
        if isinstance(call, ast.Call):
            call.args = [_Wordless().visit(argument) for argument in call.args]
            call.keywords = [_Wordless().visit(keyword) for keyword in call.keywords]


class _Wordless(ast.NodeTransformer):
    """Make every string of an expression an empty one, with what is put into it."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("")

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def _data_named_by(words: Iterable[str], folder: Path) -> list[str | bytes]:
    """Return name and content of each data file beside a module that a word of it names, alone or by its folder."""
    files: set[Path] = set()
    for place in {folder / word for word in words} & set(folder.iterdir()):
        below = [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
        if not any(p.suffix in {".py", ".pyc"} for p in below):  # that would be code
            files.update(below)
    return [part for p in sorted(files) for part in (p.relative_to(folder).as_posix(), p.read_bytes())]


def _imported_modules(nodes: Iterable[ast.AST], importer: str) -> list[str]:
    """Return the modules of this package that a module imports, each where the imported name is defined."""
    own = f"{_PACKAGE.name}."
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if f"{alias.name}.".startswith(own)]
            found += [name.removeprefix(_PACKAGE.name).removeprefix(".") for name in names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ModuleNotFoundError(f"{importer} imports by a relative name: write {own}... out")
            if node.module == _PACKAGE.name or (node.module or "").startswith(own):
                package = (node.module or "").removeprefix(_PACKAGE.name).removeprefix(".")
                found += [_home(package, alias.name) for alias in node.names]
    return found


def _home(module: str, name: str) -> str:
    """Return the module that a name imported from `module` is defined in: itself, one below, or one that it shows."""
    inner = f"{module}.{name}".removeprefix(".")
    place = _PACKAGE.joinpath(*inner.split("."))
    if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
        return inner
    if not (_PACKAGE.joinpath(*module.split(".")) / "__init__.py").is_file():
        return module
    if name in (shown := _shown_by(module)):
        return _home(*shown[name])
    raise ModuleNotFoundError(f"{_PACKAGE.name} shows no {inner!r}: is it missing from the package's __init__.pyi?")


def _shown_by(package: str) -> dict[str, tuple[str, str]]:
    """Return the names that a package shows, each with the module it is from and its name there.

    Packages are lazy: their stub says by ``from .module import name`` where each name is.
    """
    stub = _PACKAGE.joinpath(*package.split("."), "__init__.pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8") if stub.is_file() else "")
    return {
        alias.asname or alias.name: (f"{package}.{node.module or ''}".strip("."), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def is_left_beside(inside: Path) -> bool:
    """Return whether a relative path is of what systems and office programs leave beside a user's files."""
    return any(_LEFT_BESIDE.fullmatch(part) for part in inside.parts)


def folder_fingerprint(folder: Path) -> str:
    """Return the fingerprint of a cohort's folder: tables by content, volumes by name, size and time of change.

    What systems and office programs leave beside them (`_LEFT_BESIDE`) does not count.
    """
    parts: list[str | bytes] = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        inside = file.relative_to(folder)
        if is_left_beside(inside):
            continue
        parts.append(inside.as_posix())
        if file.suffix in {".csv", ".json"}:
            parts.append(file.read_bytes())
        else:
            status = file.stat()
            parts.append(f"{status.st_size} {status.st_mtime_ns}")
    return digest(*parts)
