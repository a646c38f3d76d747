"""The command ``python -m selip_core.ingest SOURCE --reports FILE --out data/NAME``."""

import argparse
import sys
from pathlib import Path

from selip_core._utils.command import DONE, IN_PART, Parser, add_dask, add_workers, run_command
from selip_core.ingest.build import ingest

_WITHOUT_REPORTS = (
    "no report belongs to a series, and ./run_all.sh needs reports: ingest into another folder with --reports FILE; "
    "python -m selip_core.embed takes the volumes as they are"
)


def _parser() -> Parser:
    parser = Parser("ingest", prog="python -m selip_core.ingest", allow_abbrev=False, description=(
        "Make a cohort from a folder of DICOM or NIfTI files and a table of reports. Exit status: 0 the cohort is "
        "written, 1 it cannot be, 2 wrong options, 3 with --strict: written, but something was set aside or is listed "
        "as a problem, 130 interrupted (the same command goes on)."))  # fmt: skip
    parser.add_argument("source", type=Path, help="folder, or zip or tar file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the cohort's folder, as data/NAME")
    parser.add_argument("--reports", type=Path, metavar="FILE",
                        help="CSV, TSV or Excel table of reports, or a folder with a .txt a patient, its name the id")
    parser.add_argument("--columns", metavar="findings=NAME,...", help=(
        "columns of the table with unusual names: patient_id, study_id, findings, impression, date, body_part or "
        "procedure, modality, status, reported"))
    parser.add_argument("--pattern", metavar="P", help="how plain files lie: '{patient}/{study}/{sequence}.nii.gz'")
    parser.add_argument("--masks", metavar="TARGET", help="take segmentations as masks of this (tumour, infarct)")
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--keep-ids", action="store_true", default=None, help="patient ids stay as they are")
    ids.add_argument("--pseudonyms", dest="keep_ids", action="store_false",
                     help="new ids for all; default: for DICOM and plain folders")  # fmt: skip
    parser.add_argument("--ignore-leading-zeros", action="store_true", help="join 00123 and 123")
    parser.add_argument("--key", type=Path, metavar="FILE", help="also write who is whom, readable by you alone")
    parser.add_argument("--data-source", metavar="TEXT", help="what every figure is stamped with")
    add_workers(parser)
    add_dask(parser)
    parser.add_argument("--strict", action="store_true", help="exit status 3 where anything is set aside or a problem")
    return parser


def _columns(text: str | None, parser: Parser) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not (sign and name.strip() and column.strip()) for name, sign, column in pairs):
        parser.error(f"--columns {text!r} is not of the form findings=NAME,patient_id=NAME")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    options.columns = _columns(options.columns, parser)
    if options.workers and options.dask:
        parser.error("--workers is of this machine, --dask of a cluster: give one of them")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (no cohort), 2 (wrong options), 3 (--strict: anything set aside or a problem), 130."""
    return run_command(lambda: _parse(arguments), _work, prefix="ingest: ")


def _work(options: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(options).items() if name != "strict"}
    counts = ingest(**given)
    print(", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items()))
    out = options.out
    print(f"what was kept and why not: {out / 'quality.html'}")
    print(f"next: ./run_all.sh --profile smoke --cohort {out}" if counts["reports"] else _WITHOUT_REPORTS)
    return IN_PART if options.strict and (counts["set_aside"] or counts["problems"]) else DONE


if __name__ == "__main__":
    sys.exit(main())
