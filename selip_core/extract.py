"""Have a language model read a cohort's reports: ``python -m selip_core.extract COHORT --server URL --model NAME``."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from selip_core._utils.command import DONE, IN_PART, Parser, run_command
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.findings import FILE, write_findings
from selip_core.reports.chat_models import LocalModel, ServerModel
from selip_core.reports.extractor import RULES, extract_reports


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options), 3 (the rules stood in for some reports) or 130."""
    return run_command(lambda: _parse(arguments), _work, prefix="extract: ")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser("extract", prog="python -m selip_core.extract", description=(
        f"Have a language model read the reports of a cohort into its {FILE}, which notebook 02 then uses instead of "
        "the rules. Reports are sent to the server that is named here and nowhere else. Nothing is asked twice: the "
        "same command goes on."))  # fmt: skip
    parser.add_argument("cohort", type=Path, help="a cohort's folder")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--server", metavar="URL", help="OpenAI-compatible: http://localhost:8000/v1 (vLLM, Ollama)")
    where.add_argument("--local", metavar="FOLDER", help="a causal language model of transformers")
    parser.add_argument("--model", metavar="NAME", help="as the server calls it")
    parser.add_argument(
        "--key-variable", metavar="NAME", help="environment variable with the server's key; else none is sent"
    )
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument(
        "--attempts", type=int, default=3, metavar="N", help="for invalid answers; default: %(default)s"
    )
    parser.add_argument("--device", default="cpu", metavar="cpu|cuda", help="of --local")
    options = parser.parse_args(arguments)
    if options.server and not options.model:
        parser.error("--server needs --model")
    if options.key_variable and not options.server:
        parser.error("--key-variable goes with --server")
    if options.timeout <= 0 or options.attempts < 1:
        parser.error("--timeout and --attempts must be positive")
    return options


def _work(options: argparse.Namespace) -> int:
    told = _run(options)
    stood_in = told[told["extractor"] == RULES]
    for reason, count in stood_in["reason"].value_counts().items():
        print(f"rules in its place: {count} × {reason}")
    print(f"{len(told) - len(stood_in)} of {len(told)} reports read by the model: {options.cohort / FILE}")
    return IN_PART if len(stood_in) else DONE


def _run(options: argparse.Namespace) -> pd.DataFrame:
    cohort = load_cohort(options.cohort)
    if options.server:
        model = ServerModel(options.server, options.model, timeout_s=options.timeout, key_variable=options.key_variable)
    else:
        model = LocalModel(options.local, device=options.device, timeout_s=options.timeout)
    answers = cohort.directory.parent / f".{cohort.directory.name}.answers"  # beside: no part of the cohort
    read, told = extract_reports(cohort.reports["findings"].tolist(), model, answers, attempts=options.attempts)
    write_findings(cohort, read, told)
    return told


if __name__ == "__main__":
    sys.exit(main())
