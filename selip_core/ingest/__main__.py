"""The command ``python -m selip_core.ingest SOURCE --reports FILE --out data/NAME``."""

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from selip_core.errors import SelipError
from selip_core.ingest.build import ingest

SET_ASIDE = 3
"""Exit status with --strict where a cohort was written but something was set aside."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"ingest: {message} (--help lists the options)", file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m selip_core.ingest", allow_abbrev=False, description=(
        "Make a cohort from a folder of DICOM or NIfTI files and a table of reports. Exit status: 0 the cohort is "
        "written, 1 it cannot be, 2 wrong options, 3 with --strict: written, but something was set aside, 130 "
        "interrupted (the same command goes on)."))  # fmt: skip
    parser.add_argument("source", type=Path, help="folder, or zip or tar file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the cohort's folder, as data/NAME")
    parser.add_argument("--reports", type=Path, metavar="FILE", help="CSV, TSV or Excel table of reports")
    parser.add_argument("--columns", metavar="findings=NAME,...", help="columns of the table with unusual names")
    parser.add_argument("--pattern", metavar="P", help="how plain files lie: '{patient}/{study}/{sequence}.nii.gz'")
    parser.add_argument("--masks", metavar="TARGET", help="take segmentations as masks of this (tumour, infarct)")
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--keep-ids", action="store_true", default=None, help="patient ids stay as they are")
    ids.add_argument("--pseudonyms", dest="keep_ids", action="store_false",
                     help="new ids for all; default: for DICOM and plain folders")  # fmt: skip
    parser.add_argument("--ignore-leading-zeros", action="store_true", help="join 00123 and 123")
    parser.add_argument("--key", type=Path, metavar="FILE", help="also write who is whom, readable by you alone")
    parser.add_argument("--data-source", metavar="TEXT", help="what every figure is stamped with")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: as many as processors")
    parser.add_argument("--strict", action="store_true", help="exit status 3 where anything is set aside")
    return parser


def _columns(text: str | None, parser: argparse.ArgumentParser) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not (sign and name.strip() and column.strip()) for name, sign, column in pairs):
        parser.error(f"--columns {text!r} is not of the form findings=NAME,patient_id=NAME")
    return {name.strip(): column.strip() for name, _, column in pairs}


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (no cohort), 2 (wrong options), 3 (something set aside, --strict) or 130."""
    parser = _parser()
    try:
        options = vars(parser.parse_args(arguments))
        options["columns"] = _columns(options["columns"], parser)
        if options["workers"] is not None and options["workers"] < 1:
            parser.error(f"--workers {options['workers']} must be 1 or more")
    except SystemExit as stop:
        return int(stop.code or 0)
    signal.signal(signal.SIGTERM, _stop)
    strict = options.pop("strict")
    try:
        counts = ingest(**options)
    except SelipError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ningest: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    out = options["out"]
    print(", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items()))
    print(f"what was kept and why not: {out / 'quality.html'}\nnext: ./run_all.sh --profile smoke --cohort {out}")
    return SET_ASIDE if strict and (counts["set_aside"] or counts["problems"]) else 0


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
