"""What the commands have in common: one line for a wrong option, a mistake or an interrupt, and an exit status."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from selip_core.errors import SelipError

DONE, FAILED, WRONG_OPTIONS, IN_PART, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit status; `IN_PART` where there is a result, but not of everything that was given."""


class Parser(argparse.ArgumentParser):
    """A parser that tells a wrong option in one line on stderr.

    Parameters
    ----------
    name : str
        What that line begins with.
    """

    def __init__(self, name: str, *, prog: str, description: str, **options: bool) -> None:
        super().__init__(prog=prog, description=description, **options)
        self.name = name

    def error(self, message: str) -> NoReturn:
        print(f"{self.name}: {message} (--help lists the options)", file=sys.stderr)
        sys.exit(WRONG_OPTIONS)


def run_command(
    parse: Callable[[], argparse.Namespace],
    work: Callable[[argparse.Namespace], int],
    *,
    prefix: str,
    interrupted: str = "interrupted; the same command goes on from here",
) -> int:
    """Return the exit status of a command.

    Parameters
    ----------
    parse : callable
        Returns the options; a parser's exit becomes the status.
    work : callable
        ``work(options)`` returns the status where nothing goes wrong. A `SelipError` is one line on stderr and
        `FAILED`; Ctrl-C and SIGTERM, which a cluster sends at its time limit, are one line and `INTERRUPTED`.
    prefix : str
        Before what goes wrong: ``"embed: "``.
    interrupted : str
        What the user is to know of an interrupt.
    """
    try:
        options = parse()
    except SystemExit as stop:
        return int(stop.code or DONE)
    try:
        with _sigterm_as_interrupt():
            return work(options)
    except SelipError as error:
        print(f"{prefix}{error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"\n{prefix}{interrupted}", file=sys.stderr)
        return INTERRUPTED


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
