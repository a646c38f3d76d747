"""The section "On real data" of ``docs/results.md``: ``python -m selip_core.pipeline.real_data results/study``."""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from selip_core._utils.command import DONE, Parser, run_command
from selip_core._utils.files import read_json, write_text
from selip_core._utils.tables import read_saved_table
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.page_parts import interval_text, markdown_table, page_figure
from selip_core.pipeline.whole_run import MODIFIED, commit_of
from selip_core.pretraining.methods import SHOWN_AS

NOTEBOOK = "11_external_validation"
_BLOCK = re.compile(r"<!-- real data -->\n.*<!-- end of real data -->", re.DOTALL)
_FIGURES = ("segmentation", "codes", "sentence_to_patient", "agreement")
"""Of those of the notebook that show no patient: nothing of the data enters the page."""


def real_data_section(results: Path, pictures: Path) -> str:
    """Return the section of a finished run of ``11_external_validation``, and put its figures into `pictures`.

    Raises
    ------
    SelipError
        If the notebook has not finished there, or was given no published data.
    """
    folder = Path(results) / NOTEBOOK
    record = read_json(folder / "run.json")
    if not (record or {}).get("finished"):
        raise SelipError(f"{NOTEBOOK} has not finished in {results}: ./run_all.sh --only 11 --lgg DIR --openi FILE")
    tables = folder / "tables"
    if not any((tables / f"{name}.csv").exists() for name in ("segmentation_scores", "agreement")):
        raise SelipError(f"{NOTEBOOK} in {results} was given no published data: --lgg, --openi or --ct")
    parts = [
        "<!-- real data -->", "## On real data", _provenance(record), *_images(tables), *_reports(tables),
        *(page_figure(Path(results), pictures, NOTEBOOK, name) for name in _FIGURES), "<!-- end of real data -->",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _provenance(record: dict) -> str:
    note = ", **with changes that are not in it**" if str(record.get("git") or "").endswith(MODIFIED) else ""
    return (
        f"*Made by `python -m selip_core.pipeline.real_data` from a run of profile {record['profile']}: commit "
        f"{commit_of(record)}{note}, {record['written_at'][:10]}, seed {record['seed']}; the models were pretrained on "
        f"the {record['data_source']}. What the data are, and their terms: data/README.md. Intervals are 95 % over "
        "patients or reports. These are no clinical results.*"
    )


def _images(tables: Path) -> list[str]:
    """Return what the real images say, a subsection an outcome; nothing where none were given."""
    if not (tables / "segmentation_scores.csv").exists():
        return []
    patients, placed, scores, differences, learning = (
        read_saved_table(tables / f"{name}.csv", numbers=True)
        for name in (
            "lgg_patients", "registration", "segmentation_scores", "segmentation_differences", "codes_scores"
        )
    )  # fmt: skip
    held = patients[patients["held out"].astype(str) == "True"]
    metrics = read_json(tables.parent / "metrics.json")["metrics"]
    side = metrics["side_agreement"]
    each = ", ".join(f"{row.institution} ({row.patients:g})" for row in held.itertuples())
    about = (
        f"TCGA-LGG, {int(patients['patients'].sum())} patients of {len(patients)} institutions; held out in turn: "
        f"{each}. Heads on the template head: by {_registered_by(placed)}. "
        "That heads are registered, and which sequences are segmented, was decided on these same patients; what was "
        "tried is in [method.md](method.md), section 6. "
        f"The mask lies on the coded side in {side['value']:.1%} of {side['n']} patients."
    )
    return [
        about,
        "### Segmentation of the FLAIR abnormality", _dice(scores), _distances(scores),
        _against_scratch(differences),
        "### Side, lobe and grade",
        "Scores are ranks within an institution. 0.5 is what a constant answer gets; the last row is what perfect "
        "scores would get, for institutions differ in how many have a label.", _learning(learning),
        "### From the sentence of a site to the patient",
        "Mean percentile of a volume, for the sentence of its coded site, among those of other sites; 0.5 is what any "
        "order gets that no sentence changes.",
        _percentiles(tables, "sentence_to_patient", "pretrained on the cohort"),
        _percentiles(tables, "own_sentence_to_patient", "pretrained on the real patients alone"),
        _gains(tables, "sentence_to_patient_differences", "own_sentence_to_patient_differences"),
    ]  # fmt: skip


def _registered_by(placed: pd.DataFrame) -> str:
    """Return how often each sequence was registered, and how much longer the heads became by it."""
    return ", ".join(
        f"{row.sequence} ({row.heads:g} heads, {row.scale_low:.2f} to {row.scale_high:.2f} times as long)"
        for row in placed.itertuples()
    )


def _dice(table: pd.DataFrame) -> str:
    fractions = sorted(table["fraction"].unique())
    rows = []
    for method, part in table.groupby("method", sort=False):
        of = {row.fraction: row for row in part.itertuples()}
        cells = [interval_text(of[f].dice, of[f].low, of[f].high, ".3f") if f in of else "" for f in fractions]
        rows.append([_shown(method), *cells])
    heads = ["mean Dice", *(f"{fraction:.0%} of the training patients" for fraction in fractions)]
    return markdown_table(heads, rows)


def _distances(table: pd.DataFrame) -> str:
    """Return distance and error of volume at all training patients: medians, for some distances are not defined."""
    whole = table[table["fraction"] == table["fraction"].max()]
    rows = [
        [_shown(r.method), interval_text(r.median_hausdorff_95_mm, r.hausdorff_low, r.hausdorff_high, ".1f"),
         f"{r.share_without_distance:.0%}",
         interval_text(r.median_absolute_volume_error_ml, r.volume_error_low, r.volume_error_high, ".1f")]
        for r in whole.itertuples()
    ]  # fmt: skip
    heads = [f"at {whole['fraction'].iloc[0]:.0%} of the training patients, medians", "HD95 (mm)",
             "found nothing, counted as infinite", "error of volume (ml)"]  # fmt: skip
    return markdown_table(heads, rows)


def _against_scratch(table: pd.DataFrame) -> str:
    rows = [
        [r.comparison, f"{r.fraction:.0%}", interval_text(r.difference, r.low, r.high, "+.3f"), f"{r.p_holm:.2g}"]
        for r in table.itertuples()
    ]
    return markdown_table(["in Dice", "share", "difference", "p (Holm, this table)"], rows)


def _learning(learning: pd.DataFrame) -> str:
    labels = list(dict.fromkeys(learning["label"]))
    rows = []
    for (approach, method), part in learning.groupby(["approach", "method"], sort=False):
        of = {row.label: row for row in part.itertuples()}
        cells = [interval_text(of[n].auc, of[n].low, of[n].high, ".2f") if n in of else "" for n in labels]
        rows.append([approach, _shown(method), *cells])
    ceilings = learning.drop_duplicates("label").set_index("label")["ceiling"].reindex(labels)
    rows.append(["ceiling", "", *("" if pd.isna(c) else f"{c:.2f}" for c in ceilings)])
    return markdown_table(["AUC", "method", *labels], rows)


def _percentiles(tables: Path, name: str, about: str) -> str:
    table = read_saved_table(tables / f"{name}.csv", numbers=True)
    rows = [[_shown(r.method), interval_text(r.percentile, r.low, r.high, ".3f"), f"{r.patients:g}"]
            for r in table.itertuples()]  # fmt: skip
    return markdown_table([about, "percentile", "patients"], rows)


def _gains(tables: Path, *names: str) -> str:
    rows = []
    for name, about in zip(names, ("the cohort", "real patients alone"), strict=True):
        for row in read_saved_table(tables / f"{name}.csv", numbers=True).itertuples():
            found = interval_text(row.difference, row.low, row.high, "+.3f")
            rows.append([about, row.comparison, found, f"{row.p_holm:.2g}"])
    return markdown_table(["pretrained on", "difference in percentile", "difference", "p (Holm, each run)"], rows)


def _reports(tables: Path) -> list[str]:
    """Return how each similarity agrees with human codes; nothing where no coded reports were given."""
    if not (tables / "agreement.csv").exists():
        return []
    table = read_saved_table(tables / "agreement.csv", numbers=True)
    rows = [
        [row.reports, row.of, row.measure, interval_text(row.auc, row.auc_low, row.auc_high, ".3f"),
         interval_text(row.rank_correlation, row.rank_correlation_low, row.rank_correlation_high, ".3f"), f"{row.n:g}"]
        for row in table.itertuples()
    ]  # fmt: skip
    about = (
        "AUC: pairs of reports that share a code (MeSH: its first two terms; CT: a region and a type) against the "
        "others. Correlation: of ranks, with the overlap (Jaccard) "
        "of all coded terms. *Text* is the wording; *codes* takes the codes as findings, so that it shares its source "
        "with the yardstick and compares rules of matching, not understanding."
    )
    heads = ["reports", "similarity of", "measure", "AUC", "rank correlation", "reports"]
    return ["### The similarity against human codes", about, markdown_table(heads, rows)]


def _shown(method: str) -> str:
    return SHOWN_AS.get(method, method)


def kept_section(page: Path) -> str:
    """Return the section that a page has, or an empty text."""
    found = _BLOCK.search(page.read_text(encoding="utf-8")) if page.exists() else None
    return found[0] if found else ""


def with_section(page: str, section: str) -> str:
    """Return a page with its section on real data exchanged, or put at its end."""
    if _BLOCK.search(page):
        return _BLOCK.sub(lambda _: section, page)
    return f"{page.rstrip()}\n\n{section}\n"


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (nothing to tell), 2 (wrong options) or 130."""
    parser = Parser("real data", prog="python -m selip_core.pipeline.real_data", description=(
        "Renew the results page's section on real data from a finished run of 11_external_validation."))  # fmt: skip
    parser.add_argument("results", type=Path, help="results/<profile>")
    parser.add_argument("--page", type=Path, default=paths.project_root() / "docs" / "results.md", metavar="FILE",
                        help="default: docs/results.md")  # fmt: skip
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="real data: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    section = real_data_section(options.results, options.page.with_suffix(""))
    page = options.page.read_text(encoding="utf-8") if options.page.exists() else "# Results\n"
    write_text(options.page, with_section(page, section))
    print(f"written: {options.page}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
