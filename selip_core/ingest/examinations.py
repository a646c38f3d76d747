"""What a row of a report export says of its examination: by which device, of which part, when, and how final."""

import datetime
import re
import unicodedata
from dataclasses import dataclass

from selip_core.datasets.sequences import other_part
from selip_core.ingest.report_columns import examination_columns

DAYS = 2
"""Choice: a report is written up to two days after its examination, or dated so."""

_MR = re.compile(r"(?<![A-Z])(?:MRI?|MRA|MRV|NMR|PET[-/ ]?MR)(?![A-Z])|磁共振|核磁|磁振")
_OTHER_MODALITY = re.compile(
    r"(?<![A-Z])(?:CT|CTA|CTP|CR|DR|DX|US|USG|PET|PETCT|SPECT|ECT|NM|PT|XA|DSA|RF|MG|EEG|ECG|EKG|XR|X-?RAY)(?![A-Z])"
    r"|超声|彩超|B超|X[线光]|胸片|平片|钼靶|内窥?镜|胃镜|骨密度|核医学|肠镜|心电|脑电|病理|ULTRASOUND|RADIOGRAPH|MAMMOGRA|ENDOSCOP"
)
_DEVICE_OF_SHEET = re.compile(r"CT[AP]?|CR|DR|DX|DSA|PET[-/ ]?CT|超声|彩超|B超|X[线光]|胸片|平片|钼靶|ULTRASOUND")
_BESIDE = re.compile(r"(?:19|20)\d\d年?|\d{1,2}月|检查|报告|SHEET|[\s_.()-]+")
"""What may stand beside a device or a part in the title of a sheet; ``Dr. Wang``, ``PT 1-50`` are none."""
_LONGEST_PART = 10
_FINAL = re.compile(
    r"终审|已审|审核|审签|签发|已发布|正式|终稿|最终|完成|FINAL|VERIFIED|APPROVED|SIGNED|COMPLETE|RELEASED"
)
_INITIAL = re.compile(
    r"初步|初稿|审核中|退回|草稿|初写|未审|待审|书写|暂存|已报告|临时|未完成|未签|待签"
    r"|UNSIGNED|PRELIM|DRAFT|PENDING|UNVERIFIED|INCOMPLETE"
)
_TIME = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:[-/.年](?P<month>0?[1-9]|1[0-2])[-/.月](?P<day>0?[1-9]|[12]\d|3[01])(?!\d)日?"
    r"|(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01])(?!\d))"
    r"(?:[T\s]*(?P<half>AM|PM|上午|下午|晚上)?\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\.\d+)?"
    r"\s*(?P<behind>AM|PM)?.*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Examination:
    """What a row says of its examination. Nothing of it is written anywhere: a date tells a person.

    Parameters
    ----------
    other : str
        Why it is no MRI of the head, in words that hold nothing of the row's; "" where nothing says so.
    date : datetime.date, optional
    final : bool, optional
        False for a draft or an initial report; None where the row does not say.
    reported : datetime.datetime, optional
        When the report was written or signed.
    """

    other: str = ""
    date: datetime.date | None = None
    final: bool | None = None
    reported: datetime.datetime | None = None


def examinations(names: list[str], rows: list[list[str]], sheet: str = "") -> list[Examination]:
    """Return what each row of a table says of its examination; the sheet's name stands for a column that is not there.

    Parameters
    ----------
    names : list of str
        Of the columns.
    """
    columns = examination_columns(names)

    def said(cells: list[str], role: str) -> str:
        values = (cells[i] for i in columns.get(role, ()) if i < len(cells))
        return unicodedata.normalize("NFKC", " ".join(filter(None, values))).upper().strip()

    sheet = _BESIDE.sub("", unicodedata.normalize("NFKC", sheet).upper())
    device, part = sheet if _DEVICE_OF_SHEET.fullmatch(sheet) else "", sheet if len(sheet) <= _LONGEST_PART else ""
    return [
        Examination(
            _other(said(cells, "modality") or said(cells, "body_part") or device, said(cells, "body_part") or part),
            date_of(said(cells, "date")),
            _is_final(said(cells, "status")), _time(said(cells, "reported")),
        )
        for cells in rows
    ]  # fmt: skip


def date_of(text: str) -> datetime.date | None:
    """Return the day that a date, its year first, or the beginning of a time is; None where it is none."""
    time = _time(text)
    return time.date() if time else None


def is_another_day(one: datetime.date | None, other: datetime.date | None) -> bool:
    """Tell whether two days are known and further apart than an examination and its report."""
    return one is not None and other is not None and abs((one - other).days) > DAYS


def _other(modality: str, part: str) -> str:
    """Return why a device and a part of the body, in upper case, are not those of an MRI of the head."""
    if not _MR.search(modality) and (named := _OTHER_MODALITY.search(modality)):
        return f"it is an examination by {named[0]}, not by MR"
    if named := other_part(part):
        return f"it is an examination of another part of the body ({named})"
    return ""


def _is_final(status: str) -> bool | None:
    if _INITIAL.search(status):
        return False
    return True if _FINAL.search(status) else None


def _time(text: str) -> datetime.datetime | None:
    found = _TIME.match(text.strip())
    if not found:
        return None
    half = (found["half"] or found["behind"] or "").upper()
    hour = int(found["hour"] or 0)
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half in ("PM", "下午", "晚上"))
    day = int(found["month"] or found["mm"]), int(found["day"] or found["dd"])
    try:
        return datetime.datetime(int(found["year"]), *day, hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:  # the thirty-first of a month of thirty days
        return None
