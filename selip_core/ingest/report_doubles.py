"""Several reports of one study: the same text once, the final one of two versions, and none where they differ."""

from collections import Counter
from collections.abc import Callable

from selip_core.ingest.examinations import Examination

_ADDED = ("补充", "附加", "追加", "addendum", "addition")
"""A report that begins so goes beside another one, and does not replace it."""


def without_doubles(rows: list[dict], problems: list, key: Callable[[dict], str]) -> list[dict]:
    """Return one row a study: of equal reports the first, of versions the final one, of different ones none.

    Parameters
    ----------
    rows : list of dict
        ``examination`` of each is an `Examination`. Without `key`, examinations of one patient that are of another
        kind or day are not one.
    problems : list
        What is left out is added to it.
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        seen: Examination = row["examination"]
        name = ("study", key(row)) if key(row) else ("patient", row["patient_id"], seen.other, seen.date)
        groups.setdefault(name, []).append(row)
    kept = []
    for group in groups.values():
        same = Counter((row["patient_id"], row["findings"], row["impression"]) for row in group)
        final = group[0] if len(same) == 1 else _final(group)
        if final is None:
            for row in group:
                problems.append((row["where"], row["patient_id"], row["study_id"],
                                 f"{len(group)} reports of one study differ",
                                 "none is used; keep one, or give each its study"))  # fmt: skip
            continue
        kept.append(final)
        what = "report given twice, the same text" if len(same) == 1 else "an earlier version of a report"
        for row in group:
            if row is not final:
                problems.append((row["where"], row["patient_id"], row["study_id"], what,
                                 f"the one of {final['where']} is used"))  # fmt: skip
    return kept


def _final(group: list[dict]) -> dict | None:
    """Return the report that replaces the others of its study: by its status, else by its time; None if none does."""
    seen: list[Examination] = [row["examination"] for row in group]
    one_examination = len({(row["patient_id"], one.other, one.date) for row, one in zip(group, seen, strict=True)}) == 1
    if not one_examination or any(row["findings"].lower().startswith(_ADDED) for row in group):
        return None
    finals = [row for row, one in zip(group, seen, strict=True) if one.final]
    if finals and len(finals) < len(group):
        said = {(row["findings"], row["impression"]) for row in finals}
        return finals[0] if len(said) == 1 and all(one.final is not None for one in seen) else None
    times = [one.reported for one in seen]
    if None not in times and len({one.final for one in seen}) == 1 and times.count(max(times)) == 1:
        return group[times.index(max(times))]
    return None
