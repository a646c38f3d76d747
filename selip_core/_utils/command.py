"""What the commands have in common: one line for a wrong option, a mistake or an interrupt, and an exit status."""

import argparse
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from selip_core._utils.files import CHECK_THE_DISK, OF_THE_DISK
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


def add_dask(parser: Parser) -> None:
    """Add the option ``--dask``, where the work may be done by a cluster."""
    parser.add_argument("--dask", metavar="ADDRESS", help="let the workers of a Dask cluster do it, which see the same "
                        "files: its address, tcp://host:8786, or its scheduler file")  # fmt: skip


def add_workers(parser: Parser) -> None:
    """Add the option ``--workers``: processes, one or more."""
    parser.add_argument("--workers", type=one_or_more, metavar="N", help="processes; default: as many as processors")


def one_or_more(text: str) -> int:
    """Return the whole number that an option was given; the parser names the option where it is less than 1, or none.

    Examples
    --------
    >>> one_or_more("8")
    8
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} must be 1 or more")
    return int(text)


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
        Returns the options; a parser's exit becomes the status, a `SelipError` one line and `WRONG_OPTIONS`.
    work : callable
        ``work(options)`` returns the status where nothing goes wrong. A `SelipError` is one line on stderr and
        `FAILED`, and so is a disk that is full or may not be written; Ctrl-C, SIGTERM, which a cluster sends at its
        time limit, and a reader of the output that has gone (``| head``) are one line and `INTERRUPTED`.
    prefix : str
        Before what goes wrong: ``"embed: "``.
    interrupted : str
        What the user is to know of an interrupt.
    """
    try:
        options = parse()
    except SystemExit as stop:
        return int(stop.code or DONE)
    except SelipError as error:
        print(f"{prefix}{error}", file=sys.stderr)
        return WRONG_OPTIONS
    try:
        with _sigterm_as_interrupt():
            return work(options)
    except SelipError as error:
        print(f"{prefix}{error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"\n{prefix}{interrupted}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        if not _reader_has_gone():
            raise  # another pipe has broken
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it flushes at exit
        print(f"{prefix}nothing reads the output any more; {interrupted}", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        print(f"{prefix}{error.filename or 'a file'}: {error.strerror}; {CHECK_THE_DISK}", file=sys.stderr)
        return FAILED


def _reader_has_gone() -> bool:
    """Return whether stdout is a pipe that nobody reads any more."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
    except (AttributeError, OSError, ValueError):  # Windows; a stdout that is no file
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
