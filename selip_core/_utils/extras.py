"""Packages that a bare installation lacks: which extra brings them."""

import importlib.util
import sys

from selip_core.errors import SelipError


class MissingExtra(SelipError, ImportError):
    """A package is not installed; the message names it and the extra that brings it."""


def needs(room: str, extra: str, *packages: str) -> None:
    """Raise MissingExtra if a package is not installed that `room`, a part of this package, cannot do without.

    Parameters
    ----------
    room : str
        As the user knows it: ``selip_core.plotting``.
    extra : str
        Of ``pyproject.toml``.
    packages : str
        Names to import; they are looked for and not loaded.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        message = (
            f"{room} needs {', '.join(missing)}, not installed here: python -m pip install 'selip[{extra}]' brings it "
            f"(from a clone: python -m pip install '.[{extra}]')"
        )
        if _command_is_looked_up():
            sys.exit(message)  # one line, no traceback
        raise MissingExtra(message)


def _command_is_looked_up() -> bool:
    """Return whether ``python -m`` is about to run a command of this package, and imports its room on the way.

    Until it has found the module, `sys.argv` begins with ``-m``; which module, the interpreter's own arguments say.
    """
    given = sys.orig_argv
    named = given[given.index("-m") + 1] if sys.argv[:1] == ["-m"] and "-m" in given[:-1] else ""
    return named.partition(".")[0] == __name__.partition(".")[0]
