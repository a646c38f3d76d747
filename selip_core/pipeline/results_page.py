"""``docs/results.md`` from one finished run: ``python -m selip_core.pipeline.results_page results/study``."""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from selip_core._utils.command import DONE, Parser, run_command
from selip_core._utils.files import write_text
from selip_core._utils.tables import read_saved_table
from selip_core.downstream.answer import METHODS
from selip_core.downstream.study_tables import BEST_SINGLE
from selip_core.errors import SelipError
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.pipeline import paths
from selip_core.pipeline.answer import SUMMARY, Answer, read_answer_in
from selip_core.pipeline.page_parts import interval_text, markdown_table, page_figure
from selip_core.pipeline.real_data import kept_section
from selip_core.pipeline.whole_run import MODIFIED, checked_runs, commit_of

FIGURES = (
    (SUMMARY, "answer"), (SUMMARY, "differences"), ("05_image_text_retrieval", "recall"),
    ("05_image_text_retrieval", "study"),
    ("06_classification", "few_shot"), ("06_classification", "brats_few_shot"), ("07_segmentation", "few_shot"),
    ("07_segmentation", "brats_few_shot"), ("08_ablation", "learning_curves"), ("08_ablation", "variants"),
)  # fmt: skip
"""What the page shows, by notebook, where it is there."""

BLOCK = re.compile(r"(<!-- results -->\n).*?(\n<!-- end of results -->)", re.DOTALL)
"""The block of README that quotes the page."""


def results_page(results: Path, pictures: Path, real: str = "") -> str:
    """Return the page of one finished run, and put its figures as PNG into `pictures`, which lies beside the page.

    Parameters
    ----------
    results : Path
        ``results/<profile>``.
    real : str
        The section on real data, as `selip_core.pipeline.real_data` makes it; it has a run of its own.

    Raises
    ------
    SelipError
        If the run is not whole (`checked_runs`), or its summary has no answer.
    """
    runs = checked_runs(results)
    answer = read_answer_in(results / SUMMARY)
    if answer is None:
        raise SelipError(f"{results / SUMMARY} has no answer.md: it is of an earlier version, run ./run_all.sh again")
    shown = [page_figure(results, pictures, *about) for about in FIGURES]
    parts = [
        "# Results",
        *answer.sentences,
        _provenance(runs),
        "## Outcomes by method",
        _outcomes(answer),
        *shown[:1],
        "## Differences",
        "All of them, 95 % intervals over patients; p-values after Holm's correction over all rows, and of the planned "
        "comparisons (of soft targets, in the two outcomes that decide) over these alone. Significant is what is so by "
        "the second where there is one, else by the first: the sentences above, the figure and the claims go by it.",
        _differences(results / SUMMARY / "tables" / "differences.csv"),
        *shown[1:2],
        "## Claims",
        _text(results / SUMMARY / "claims.md"),
        "## By study",
        _by_study(results / "05_image_text_retrieval" / "tables" / "study.csv"),
        "## How much data it takes",
        _curves(results / "08_ablation" / "tables" / "learning_curves.csv"),
        "## Variants of the soft targets",
        _variants(results / "08_ablation" / "tables" / "scores.csv"),
        "## Figures",
        *shown[2:],
        "## The run",
        _machine(runs),
        real,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _provenance(runs: dict[str, dict]) -> str:
    """Return the paragraph that says where the numbers come from."""
    summary = runs[SUMMARY]
    commits = [str(record.get("git") or "") for record in runs.values()]
    modified = any(commit.endswith(MODIFIED) for commit in commits)
    note = ", **with changes that are not in it**" if modified else ""
    commit = commit_of(summary)
    days = sorted({record["written_at"][:10] for record in runs.values()})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    seeds = summary["settings"].get("n_seeds", 1)
    first = summary["seed"]
    drawn = f"seed {first}" if seeds == 1 else f"seeds {first} to {first + seeds - 1}"
    return (
        f"*Made by `python -m selip_core.pipeline.results_page` from one run of profile {summary['profile']}: commit "
        f"{commit}{note}, {when}, data: {summary['data_source']}, cohort {_name(summary['cohort'])}, {drawn}. No "
        "number here is typed by hand. On a synthetic cohort it is a check of the method, never a clinical result.*"
    )


def _name(cohort: str) -> str:
    return Path(cohort).name  # where it lies on somebody's disk is nobody's business


def _outcomes(answer: Answer) -> str:
    rows = [[name, *(f"{v} ({i})" if i else v for v, i in cells)] for name, cells in answer.rows]
    about = "Test patients; in brackets 95 % intervals over patients, seeds averaged. The constant answer never looks "
    about += f"at the volume; untrained is the start of each seed; an empty cell was not measured. {answer.data}"
    return f"{markdown_table(answer.heads, rows)}\n\n{about}" if rows else "No outcome could be measured."


def _differences(path: Path) -> str:
    table = read_saved_table(path, numbers=True)
    rows = [
        [row.outcome, row.comparison, interval_text(row.difference, row.low, row.high, "+.3f"),
         _p(row.p_holm), _p(row.p_planned), "yes" if row.significant else "", f"{row.n:g}", row.data_source]
        for row in table.itertuples()
    ]  # fmt: skip
    heads = ["outcome", "comparison", "difference", "p (Holm, all)", "p (Holm, planned)", "significant", "n", "data"]
    return markdown_table(heads, rows)


def _p(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2g}"


def _by_study(path: Path) -> str:
    """Return retrieval by study: a row a direction, measure and way to fuse a study's series, a column a method."""
    if not path.exists():
        return "This run has no retrieval by study."
    table = read_saved_table(path, numbers=True)
    methods = [method for method in METHODS if method in set(table["method"])]
    rows = []
    for (direction, measure), part in table.groupby(["direction", "measure"], sort=False):
        cells = {(row.fusion, row.method): row for row in part.itertuples()}
        for way in part["fusion"].unique():
            if way != CONSTANT:
                of = [cells.get((CONSTANT if method == CONSTANT else way, method)) for method in methods]
                texts = ["" if c is None else interval_text(c.value, c.low, c.high, ".3f") for c in of]
                rows.append([direction, measure, way, *texts])
    about = f"All series of a study against its whole report. The {BEST_SINGLE} is chosen on validation studies, and "
    about += "is of the studies that have it; the constant answer knows which series a study has, and no more."
    return f"{about}\n\n{markdown_table(['direction', 'measure', 'way', *methods], rows)}"


def _curves(path: Path) -> str:
    """Return the learning curves: a row a measure and number of patients, a column a method."""
    if not path.exists():
        return "This run has no learning curves."
    table = read_saved_table(path, numbers=True)
    methods = [method for method in METHODS if method in set(table["method"])]
    methods += [method for method in table["method"].unique() if method not in methods]
    rows = []
    for (measure, patients), part in table.groupby(["measure", "training_patients"], sort=False):
        by_method = {row.method: row for row in part.itertuples()}
        cells = [by_method.get(method) for method in methods]
        texts = ["" if c is None else interval_text(c.value, c.low, c.high, ".3f") for c in cells]
        rows.append([measure, f"{patients:g}", f"{part['seeds'].max():g}", *texts])
    return markdown_table(["measure", "training patients", "seeds", *methods], rows)


def _variants(path: Path) -> str:
    """Return the variants: a row a measure, its value, and the difference from SeLIP that the figure shows."""
    if not path.exists():
        return "This run has none."
    rows = [
        [row.variant, row.measure, interval_text(row.value, row.low, row.high, ".3f"),
         "" if pd.isna(row.difference)
         else interval_text(row.difference, row.difference_low, row.difference_high, "+.3f"),
         _p(row.p_holm), f"{row.seeds:g}", f"{row.patients:g}"]
        for row in read_saved_table(path, numbers=True).itertuples()
    ]  # fmt: skip
    heads = ["variant", "measure", "value", "less SeLIP's", "p (Holm, variants of a measure)", "seeds", "patients"]
    about = "A value is of all seeds of its variant, a difference of the seeds that it has in common with SeLIP."
    return f"{about}\n\n{markdown_table(heads, rows)}"


def _machine(runs: dict[str, dict]) -> str:
    rows = [
        [name, record["device"], str(record["device_name"]), f"{record['duration_s'] / 60:.1f}",
         f"{max(record['peak_memory_mb'], record['peak_memory_children_mb']) / 1024:.1f}", record["written_at"]]
        for name, record in runs.items()
    ]  # fmt: skip
    heads = ["notebook", "device", "machine", "minutes of its last run", "peak memory (GB)", "finished"]
    versions = ", ".join(f"{name} {version}" for name, version in runs[SUMMARY]["versions"].items())
    total = sum(record["duration_s"] for record in runs.values()) / 3600
    about = f"In all {total:.1f} hours, and what earlier runs of them had finished. Versions: {versions}."
    return f"{markdown_table(heads, rows)}\n\n{about}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def quoted(page: str) -> str:
    """Return what README says of a page: its answer, and where the numbers come from."""
    parts = page.split("\n\n")
    end = next(i for i, part in enumerate(parts) if part.startswith("*Made by"))
    about = parts[end].removeprefix("*").removesuffix("*")
    return "\n\n".join([*parts[1:end], f"{about} All of it: [docs/results.md](docs/results.md)."])


def refreshed(readme: str, page: str) -> str:
    """Return README with its block ``<!-- results -->`` filled from a page.

    Raises
    ------
    SelipError
        If it has no such block.
    """
    if not BLOCK.search(readme):
        raise SelipError("the README has no block between <!-- results --> and <!-- end of results -->")
    return BLOCK.sub(lambda found: f"{found[1]}{quoted(page)}{found[2]}", readme)


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (no whole run), 2 (wrong options) or 130."""
    parser = Parser("results", prog="python -m selip_core.pipeline.results_page", description=(
        "Write the results page from one finished run, and the README's quotation of it."))  # fmt: skip
    parser.add_argument("results", type=Path, help="results/<profile>, finished")
    parser.add_argument("--out", type=Path, default=paths.project_root() / "docs" / "results.md", metavar="FILE",
                        help="default: docs/results.md; its figures go into a folder of its name")  # fmt: skip
    parser.add_argument("--readme", type=Path, metavar="FILE", help="a README whose block of results is to be renewed")
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="results: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    page = results_page(options.results, options.out.with_suffix(""), kept_section(options.out))
    write_text(options.out, page)
    print(f"written: {options.out}")
    if options.readme:
        write_text(options.readme, refreshed(options.readme.read_text(encoding="utf-8"), page))
        print(f"written: {options.readme}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
