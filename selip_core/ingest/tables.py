"""The tables of an ingested cohort: the series of each sequence, their reports, and what was set aside."""

import re
from collections import defaultdict
from pathlib import Path

import pandas as pd

from selip_core._utils.files import expanded, write_json
from selip_core._utils.tables import write_table
from selip_core.datasets.splits import SPLITS
from selip_core.errors import SelipError
from selip_core.ingest.deidentify import scrub
from selip_core.ingest.inventory import Inventory
from selip_core.ingest.layouts import FoundSeries, report_of_texts
from selip_core.ingest.one_head_twice import doubts_of_patients
from selip_core.ingest.options import Options
from selip_core.ingest.person_words import HOLE
from selip_core.ingest.pseudonyms import Names, write_key
from selip_core.ingest.quality import write_quality_report
from selip_core.ingest.report_join import join
from selip_core.ingest.report_tables import PROBLEM_COLUMNS, ReportTable, pseudonymised
from selip_core.ingest.series import Task
from selip_core.ingest.two_people import doubts_of_people
from selip_core.reports.share_read import WAY_OUT, hardly_read

TUMOUR_OF_BRATS = "tumour"
REPEATED_T1 = (
    "a T1 of the same name and geometry is there again: the later one may be after contrast medium, which neither name "
    "nor header tells; the first is used where both are whole"
)
REPEATED_T1CE = (
    "a T1 of the same name and geometry is there again, and the headers of both name a contrast agent: the earlier one "
    "may be before it; the later is used for T1ce where both are whole"
)
_NUMBERED = re.compile(r"^series \d+: |[-_. ]\d+[a-z]?(?=\.nii(\.gz)?$)|[-_ ]run[-_]?\d+", re.IGNORECASE)
"""The number of a series in its description: dcm2niix writes it last."""


def write_cohort(
    settings: Options,
    table: ReportTable | None,
    found: Inventory,
    tasks: list[Task],
    results: list[dict],
    names: Names,
) -> dict[str, int]:
    """Write the tables, the quality report and, where asked for, the key; return how many of each there are.

    Parameters
    ----------
    settings : Options
    table : ReportTable, optional
        The reports, where the user gave a table of them.
    tasks, results : of the same length and order
    """
    out = settings.out
    reasons = choose_series(tasks, results)
    results = _with_doubts_of_contrast(tasks, results, reasons)
    for doubts in (doubts_of_patients(tasks, results, reasons, names), doubts_of_people(tasks, reasons)):
        for i, doubt in doubts.items():
            results[i] = {**results[i], "notes": [*results[i]["notes"], doubt]}
    reports, problems, notes, personal = _reports(settings, table, found, tasks, reasons, names)
    rows = pd.DataFrame([
        _row(*each, out, names, personal[each[0].series.study_id]) for each in zip(tasks, results, reasons, strict=True)
    ])  # fmt: skip
    for task, reason in zip(tasks, reasons, strict=True):
        if reason:  # a second series of a sequence, written before it was known to be one
            task.target.unlink(missing_ok=True)
    kept, aside = rows[rows["reason"] == ""], rows[rows["reason"] != ""]
    images, masks = kept[kept["sequence"] != "mask"], kept[kept["sequence"] == "mask"]
    unread = _hardly_read(reports)
    kept = kept.assign(description=_remarked(kept, unread))
    counts = {
        "patients": images["patient_id"].nunique(), "studies": images["study_id"].nunique(), "series": len(images),
        "reports": len(reports), "masks": len(masks), "set_aside": len(aside),
        "problems": len(problems) + len(unread) + sum(found.refused.values()),
    }  # fmt: skip
    shown = pd.concat([pseudonymised(problems, names.any), unread, _refused(found)], ignore_index=True)
    write_quality_report(out, title=out.name, kept=kept, set_aside=aside, problems=shown, counts=counts, notes=notes)
    if images.empty:
        first = aside["reason"].value_counts().index[0]
        raise SelipError(f"none of {len(aside)} series can be used, most often: {first}; see {out / 'quality.html'}")
    write_table(images[["patient_id", "study_id", "sequence", "path"]], out / "series.csv")
    write_table(reports[["patient_id", "study_id", "findings", "impression"]], out / "reports.csv")
    if len(masks):
        target = settings.masks or TUMOUR_OF_BRATS
        write_table(masks.assign(target=target)[["patient_id", "study_id", "target", "path"]], out / "masks.csv")
    if splits := _splits(found, tasks, reasons, names):
        write_table(pd.DataFrame(splits, columns=["patient_id", "split"]), out / "splits.csv")
    source = settings.data_source or f"user cohort {out.name}"
    write_json(out / "cohort.json", {"name": out.name, "data_source": source, "synthetic": False})
    if settings.key:
        write_key(expanded(settings.key), _key_rows(found, tasks, reasons, names))
    return counts


def choose_series(tasks: list[Task], results: list[dict]) -> list[str]:
    """Return why each series is set aside, "" for those that are used: one for each sequence of a study.

    Of several the best by its ``rank`` is used, of equal ones the first. A T1ce by its name goes before one that an
    agent in its header alone tells, and of such ones the last is used, for a scanner may write the agent into what came
    before it.
    """
    reasons = [result["reason"] for result in results]
    rivals = defaultdict(list)
    for i, task in enumerate(tasks):
        if not reasons[i]:
            rivals[(task.series.study_id, task.series.sequence)].append(i)
    for group in rivals.values():
        last = all(tasks[i].series.by_agent for i in group)
        best = max(group, key=lambda i: (results[i]["rank"], not tasks[i].series.by_agent, i if last else -i))
        for i in group:
            if i != best:
                reasons[i] = f"another of {len(group)} series of its study is used for {tasks[i].series.sequence}"
    return reasons


def _with_doubts_of_contrast(tasks: list[Task], results: list[dict], reasons: list[str]) -> list[dict]:
    """Return results with a remark where two T1 of a study are alike, so that one may be the enhanced one.

    Where a study has both a T1 and a T1ce, or something tells that a T1 is plain, or enhanced, there is no doubt.
    """
    used = {(task.series.study_id, task.series.sequence) for task, reason in zip(tasks, reasons, strict=True)
            if not reason}  # fmt: skip
    alike = defaultdict(list)
    for i, (task, result) in enumerate(zip(tasks, results, strict=True)):
        one = task.series
        plain = one.sequence == "T1" and (one.study_id, "T1ce") not in used and not one.told_plain
        enhanced = one.by_agent and (one.study_id, "T1") not in used
        if (plain or enhanced) and not result["reason"]:
            name = _NUMBERED.sub("", one.description)
            alike[one.sequence, one.study_id, name, result["orientation"], result["spacing_mm"]].append(i)
    doubtful = {i for group in alike.values() if len(group) > 1 for i in group}
    return [
        {**result, "notes": [*result["notes"], REPEATED_T1CE if task.series.by_agent else REPEATED_T1]}
        if i in doubtful else result for i, (task, result) in enumerate(zip(tasks, results, strict=True))
    ]  # fmt: skip


def told(text: str, series: FoundSeries) -> str:
    """Return a text about a series without what tells the person: values of its header, and where its files lie."""
    personal = set(series.personal)
    if series.layout in ("plain", "dicom"):
        for path in series.files[:1]:
            personal |= {str(path), *(part for part in path.parts if len(part) > 1), path.name.split(".")[0]}
    elif above := series.description.removesuffix(from_its_id(series)):
        personal |= {above, *above.split("/")}
    return scrub(text, personal).text


def from_its_id(series: FoundSeries) -> str:
    """Return the description of a series; of a path in a published layout what follows from its id's own folder on.

    The folders above may be called after the person.
    """
    parts = series.description.split("/")
    if series.layout == "released":
        return "/".join(parts[-3:])
    if series.layout not in ("bids", "brats"):
        return series.description
    ids = (i for i, part in enumerate(parts[:-1]) if part in (series.patient_id, series.study_id))
    return "/".join(parts[next(ids, -1) :])


def _row(task: Task, result: dict, reason: str, out: Path, names: Names, personal: set[str]) -> dict:
    """Return the row of a series; `personal` is what headers and reports of its study tell of the person."""
    series = task.series
    kept_id = bool(series.patient_id) and names.patient(series.patient_id) == series.patient_id
    if series.layout == "dicom":
        description = scrub(series.description, personal | series.personal).text
    else:  # a plain path may hold a name: it is told only where the ids are told too
        description = from_its_id(series) if kept_id else ""
    return {
        "patient_id": names.patient(series.patient_id) if series.patient_id else "",
        "study_id": names.study(series.study_id) if series.study_id else "",
        "sequence": series.sequence or "",
        "description": "; ".join(filter(None, [description, *series.notes, *result.get("notes", [])])),
        "path": task.target.relative_to(out).as_posix() if not reason else "",
        "reason": reason if kept_id and series.layout in ("plain", "dicom") else told(reason, series),
        **{key: result[key] for key in ("shape", "spacing_mm", "orientation", "thumbnail")},
    }


def _reports(settings, table: ReportTable | None, found: Inventory, tasks, reasons: list[str], names: Names):
    """Return the reports with the cohort's ids, the problems with the source's, notes, and what tells a person.

    The last are the texts of the headers and report rows of each study; they are never written.
    """
    used = [task.series for task, reason in zip(tasks, reasons, strict=True) if not reason]
    studies = pd.DataFrame(
        [{"patient_id": one.patient_id, "study_id": one.study_id, "date": _day(one), "person": one.person,
          "study_number": one.study_number, **one.keys} for one in used],
        columns=["patient_id", "study_id", "date", "person", "study_number", "accession", "study_uid", "folder",
                 "patient"],
    ).fillna("")  # fmt: skip
    studies = studies.drop_duplicates()
    if table is not None:
        matched, problems = join(table, studies, ignore_leading_zeros=settings.ignore_leading_zeros)
        problems = pd.concat([table.problems, problems], ignore_index=True)
        for column in ("where", "consequence"):
            problems[column] = [table.without_its_name(text) for text in problems[column]]
        notes, removed = [table.without_its_name(note) for note in table.notes], table.removed
    else:
        patients = studies.drop_duplicates("study_id").set_index("study_id")["patient_id"]
        said = {**found.coded, **found.texts}
        told = [(study, report_of_texts(texts)) for study, texts in said.items() if study in patients.index]
        matched = pd.DataFrame(
            [(patients[study], study, text, "") for study, text in told],
            columns=["patient_id", "study_id", "findings", "impression"], dtype=str,
        )  # fmt: skip
        problems, removed = pd.DataFrame(columns=PROBLEM_COLUMNS), 0
        notes = ["reports are those of information.json"] if found.texts else []
        if found.coded:
            notes.append("reports are made of a table of codes, side and lobe: nobody has written them, and their "
                         "signals are what such a tumour usually has")  # fmt: skip
        notes = notes or ["no table of reports was given"]
    personal: dict[str, set[str]] = defaultdict(set)
    for task in tasks:
        personal[task.series.study_id] |= task.series.personal
    for column in ("findings", "impression"):
        cleaned = [scrub(text, personal[s]) for text, s in zip(matched[column], matched["study_id"], strict=True)]
        matched[column] = [found.text for found in cleaned]
        removed += sum(found.removed for found in cleaned)
    for where, study in zip(matched.get("where", []), matched["study_id"], strict=False):
        personal[study] |= table.personal[where]
    notes.append(f"names, dates and numbers of persons taken out of reports ({HOLE}): {removed}")
    matched["patient_id"] = [names.patient(patient) for patient in matched["patient_id"]]
    matched["study_id"] = [names.study(study) for study in matched["study_id"]]
    return matched.sort_values(["patient_id", "study_id"]), problems, notes, personal


def _day(series: FoundSeries) -> str:
    """Return the day of a series where its header tells it; it goes no further than the join."""
    return series.order.split(" ")[0] if series.layout == "dicom" else ""


def _hardly_read(reports: pd.DataFrame) -> pd.DataFrame:
    """Return the problem of each report, ids those of the cohort, of which less than half is read."""
    rows = [
        ("report", *reports.iloc[one.report][["patient_id", "study_id"]], f"{one.share_read:.0%} of the report is read",
         f"its findings are missed; {WAY_OUT}")
        for one in hardly_read(reports["findings"]).itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=PROBLEM_COLUMNS)


def _remarked(series: pd.DataFrame, unread: pd.DataFrame) -> list[str]:
    """Return the descriptions of series, with a remark where their report is hardly read."""
    remarks = dict(zip(unread["study_id"], unread["problem"], strict=True))
    return [
        "; ".join(filter(None, [description, remarks.get(study, "")]))
        for description, study in zip(series["description"], series["study_id"], strict=True)
    ]


def _refused(found: Inventory) -> pd.DataFrame:
    rows = [("source", "", "", f"{count} × {reason}", "not used") for reason, count in found.refused.most_common()]
    return pd.DataFrame(rows, columns=PROBLEM_COLUMNS)


def _splits(found: Inventory, tasks: list[Task], reasons: list[str], names: Names) -> list[tuple[str, str]]:
    """Return the split of every patient where the released layout tells all and fills each part, else none."""
    used = {t.series.study_id: t.series.patient_id for t, reason in zip(tasks, reasons, strict=True) if not reason}
    if not set(used) <= set(found.splits) or {found.splits[study] for study in used} != set(SPLITS):
        return []  # of the folder of training patients alone none can be tried: it is drawn
    return sorted({(names.patient(patient), found.splits[study]) for study, patient in used.items()})


def _key_rows(found: Inventory, tasks: list[Task], reasons: list[str], names: Names) -> list[dict[str, str]]:
    rows = []
    for task, reason in zip(tasks, reasons, strict=True):
        one = task.series
        rows.append({
            "source_patient_id": one.patient_id, "source_study_id": one.keys.get("accession") or one.study_id,
            "source": found.place(one.files[0].parent if len(one.files) > 1 else one.files[0]),
            "patient_id": names.patient(one.patient_id) if one.patient_id else "",
            "study_id": names.study(one.study_id) if one.study_id else "", "sequence": one.sequence or "",
            "remark": reason,
        })  # fmt: skip
    return rows + [{"source": found.place(Path(path)), "remark": reason} for path, reason in found.refused_files]
