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
        if sys.argv[:1] == ["-m"]:  # `python -m` is about to run a command of the room: one line, no traceback
            sys.exit(message)
        raise MissingExtra(message)
