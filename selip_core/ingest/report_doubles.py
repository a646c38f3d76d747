"""Several reports of one study: the same text once, the final one of two versions, and none where they differ.

What is added to a report later stands behind it, and never in its place.
"""

import datetime
import re
from collections import Counter
from collections.abc import Callable

from selip_core.ingest.examinations import Examination
from selip_core.reports.script import simplified

_ADDED = re.compile(
    r"[\W\d_]*(?:补充|附加|追加|追记|addend|addition|nachtrag|erg(?:ä|ae)nzung|additif|compl[ée]ment|adenda|adendo|aditamento)",
    re.IGNORECASE,
)
_CORRECTING = re.compile(
    r"[\W\d_]*(?:更正|修正|勘误|订正|correct(?:ion|ed)|amend(?:ed|ment)|erratum|korrektur|berichtigung|rectificati(?:f|on)"
    r"|rectificaci[oó]n|fe de erratas|errata)",
    re.IGNORECASE,
)
"""A report that begins so, behind signs and numbers, goes beside another one, and does not replace it."""
_HEADED = re.compile(
    r"[\W\d_]*(?:(?:补充|附加|追加|更正|修正|勘误|订正)(?:报告|说明|意见|诊断|所见)?|addend(?:um|a)|nachtrag|additif|ad[de]*enda|adendo)"
    r"(?=[^\w\s]|\s*$|\s*\n)",
    re.IGNORECASE,
)
"""So certainly the heading of an addition that it is none of a whole report."""
APART = datetime.timedelta(days=60)
"""Choice: reports that were written further apart are of two examinations where neither number nor day tells of which;
a late signature or an amendment takes some weeks."""
_MUCH_SHORTER = 0.5
_OF_ONE_TEXT = 0.5
"""Choice: a text of less than half the length of another, half of whose pairs of characters the other has not, is no
version of it."""


def without_doubles(rows: list[dict], problems: list, key: Callable[[dict], str], *, last: bool = False) -> list[dict]:
    """Return one row a study: of equal reports the first, of versions the final one, of different ones none.

    An addition (补充报告, addendum) or a correction is put behind the report that it belongs to.

    Parameters
    ----------
    rows : list of dict
        ``examination`` of each is an `Examination`; ``named`` is the patient that the report itself names, where
        ``patient_id`` is that of a source, and ``by_number`` whether its own number led to the study. Without `key`,
        examinations of one patient that are of another kind or day are not one.
    problems : list
        What is left out is added to it.
    last : bool
        Whether no other report can follow: an addition alone is then left out.
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        seen: Examination = row["examination"]
        name = (key(row), _named(row)) if key(row) and not last else (key(row),) if key(row) else (
            "patient", row["patient_id"], seen.other, seen.day)  # fmt: skip
        groups.setdefault(name, []).append(row)
    kept = []
    for group in groups.values():
        if not last and not key(group[0]) and _far_apart(group):
            kept += group  # which of them is the study's is seen where the study's day is known
            continue
        found = _one_of(group, problems, last)
        if found is None:
            for row in group:
                _tell(problems, row, f"{len(group)} reports of one study differ",
                      "none is used; keep one, or give each its study")  # fmt: skip
        elif found:
            kept.append(found)
    return kept


def _far_apart(group: list[dict]) -> bool:
    """Tell whether whole reports, one of which neither a number nor a day ties to an examination, are weeks apart."""
    whole = [row for row in group if not is_addition(row)]
    times = [row["examination"].reported for row in whole if row["examination"].reported]
    loose = any(not row.get("by_number", row["study_id"]) and not any(row["examination"].day) for row in whole)
    return loose and bool(times) and max(times) - min(times) > APART


def is_addition(row: dict) -> bool:
    """Tell whether a report begins as what is added to another one, or corrects it."""
    text = _beginning(row)
    return bool(_ADDED.match(text) or _CORRECTING.match(text))


def _one_of(group: list[dict], problems: list, last: bool) -> dict | None:
    """Return the report that a group makes, {} where it holds additions alone that cannot be used, None for no one."""
    group = _without_impressions_alone(group, problems)
    whole, added = _parted(group)
    if not whole:
        if len({_text(row) for row in group}) > 1:
            return None
        if last and _HEADED.match(_beginning(group[0])):
            for row in group:
                _tell(problems, row, "an addition to a report that is not there",
                      "not used: it tells a part alone; add the report that it belongs to")  # fmt: skip
            return {}
        whole, added = group, []
    same = len({_text(row) for row in whole}) == 1
    final = whole[0] if same else _final(whole)
    if final is None or (added and not _belong(final, added)):
        return None
    for row in whole:
        if row is not final and same:
            _tell(problems, row, "report given twice, the same text", f"the one of {final['where']} is used")
        elif row is not final:
            _tell(problems, row, *_replaced(row, final))
    return _joined(final, added, problems)


def _without_impressions_alone(group: list[dict], problems: list) -> list[dict]:
    """Return a group without the reports of which the impression alone is there, where a whole one is."""
    alone = [row for row in group if row["findings"] == row["impression"] and not is_addition(row)]
    others = [row for row in group if row not in alone and not is_addition(row)]
    if not alone or not others:
        return group
    for row in alone:
        _tell(problems, row, "an impression alone beside a whole report", f"the one of {others[0]['where']} is used")
    return [row for row in group if row not in alone]


def _parted(group: list[dict]) -> tuple[list[dict], list[dict]]:
    """Return whole reports and additions; a correction that writes the whole report anew is a version of it."""
    whole = [row for row in group if not is_addition(row)]
    added = []
    for row in group:
        if is_addition(row):
            anew = _CORRECTING.match(_beginning(row)) and any(_is_version(row, one) for one in whole)
            (whole if anew and not _ADDED.match(_beginning(row)) else added).append(row)
    return whole, added


def _belong(final: dict, added: list[dict]) -> bool:
    """Tell whether additions are to a report: of one examination, and the report is not the draft of another one."""
    draft = final["examination"].final is False
    return _of_one_examination([final, *added]) and not (draft and any(row["examination"].final for row in added))


def _joined(final: dict, added: list[dict], problems: list) -> dict:
    times = [row["examination"].reported for row in added]
    if None not in times:
        added = sorted(added, key=lambda row: row["examination"].reported)
    joined, texts = dict(final), set()
    for row in added:
        if _text(row) not in texts:
            texts.add(_text(row))
            for column in ("findings", "impression"):
                joined[column] = "\n".join(filter(None, (joined[column], row[column])))
        corrects = _CORRECTING.match(_beginning(row))
        _tell(problems, row, "a correction of a report" if corrects else "an addition to a report",
              f"it stands behind the one of {final['where']}"
              + ("; what it corrects still stands there: look at it" if corrects else ""))  # fmt: skip
    return joined


def _replaced(row: dict, final: dict) -> tuple[str, str]:
    if _is_version(final, row):
        return "an earlier version of a report", f"the one of {final['where']} is used"
    return ("an earlier version of a report, of other words and much longer than the final one",
            f"the one of {final['where']} is used; see that it is no addition to this one")  # fmt: skip


def _final(group: list[dict]) -> dict | None:
    """Return the report that replaces the others of its study: by its status, else by its time; None if none does."""
    seen: list[Examination] = [row["examination"] for row in group]
    if not _of_one_examination(group):
        return None
    finals = [row for row, one in zip(group, seen, strict=True) if one.final]
    if finals and len(finals) < len(group):
        said = {(row["findings"], row["impression"]) for row in finals}
        return finals[0] if len(said) == 1 and all(one.final is not None for one in seen) else None
    times = [one.reported for one in seen]
    comparable = None not in times and not _far_apart(group)
    if comparable and len({one.final for one in seen}) == 1 and times.count(max(times)) == 1:
        latest = group[times.index(max(times))]
        # its time alone does not make a short remark the report
        return latest if all(_is_version(latest, row) for row in group) else None
    return None


def _of_one_examination(group: list[dict]) -> bool:
    """Tell whether no two rows are of two patients, kinds or days."""
    named = {_named(row) for row in group} - {""}
    return len(named) <= 1 and len({(row["examination"].other, row["examination"].day) for row in group}) == 1


def _is_version(later: dict, earlier: dict) -> bool:
    """Tell whether a text may take the place of another: it is no much shorter one of other words."""
    new, old = ("".join(row[column] for column in ("findings", "impression")) for row in (later, earlier))
    if len(new) >= _MUCH_SHORTER * len(old):
        return not is_addition(later) or _share(new, old) >= _OF_ONE_TEXT
    return _share(new, old) >= _OF_ONE_TEXT


def _share(new: str, old: str) -> float:
    """Return the share of the pairs of characters of a text that another has."""
    pairs, theirs = (Counter(zip(text, text[1:], strict=False)) for text in (new, old))
    return sum((pairs & theirs).values()) / max(sum(pairs.values()), 1)


def _named(row: dict) -> str:
    return row.get("named", row["patient_id"])


def _text(row: dict) -> tuple[str, str]:
    return row["findings"], row["impression"]


def _beginning(row: dict) -> str:
    return simplified((row["findings"] or row["impression"])[:40])


def _tell(problems: list, row: dict, problem: str, consequence: str) -> None:
    problems.append((row["where"], row["patient_id"], row["study_id"], problem, consequence))
