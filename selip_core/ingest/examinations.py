"""What a row of a report export says of its examination: by which device, of which part, when, and how final."""

import datetime
import re
import unicodedata
from dataclasses import dataclass, field

from selip_core.datasets.sequences import other_part
from selip_core.ingest.comparable import without_accents
from selip_core.ingest.dates import column_times, is_no_date
from selip_core.ingest.examination_words import HEADS, MR, OTHER_DEVICES, OTHER_PARTS
from selip_core.ingest.identity import NOBODY, Person, persons
from selip_core.ingest.report_columns import examination_columns
from selip_core.reports.script import simplified

DAYS = 2
"""Choice: a report is written up to two days after its examination, or dated so."""

_MR = re.compile("|".join(MR))
_OTHER_MODALITY = re.compile("|".join(OTHER_DEVICES))
_OTHER_PART = re.compile("|".join(OTHER_PARTS))
_HEAD = re.compile("|".join(HEADS))
_DEVICE_OF_SHEET = re.compile(r"CT[AP]?|CR|DR|DX|DSA|PET[-/ ]?CT|超声|彩超|B超|X[线光]|胸片|平片|钼靶|ULTRASOUND")
_BESIDE = re.compile(r"(?:19|20)\d\d年?|\d{1,2}月|检查|报告|SHEET|[\s_.()-]+")
"""What may stand beside a device or a part in the title of a sheet; ``Dr. Wang``, ``PT 1-50`` are none."""
_LONGEST_PART = 10
_OF_A_DATE = re.compile(r"[\d年月日]")
"""What a column called Data holds elsewhere, it does not."""
_FINAL = re.compile(
    r"终审|已审|审核|审签|签发|已发布|正式|终稿|最终|完成|FINAL|VERIFIED|APPROVED|SIGNED|COMPLETE|RELEASED"
)
_INITIAL = re.compile(
    r"初步|初稿|审核中|退回|草稿|初写|未审|待审|书写|暂存|已报告|临时|未完成|未签|待签"
    r"|UNSIGNED|PRELIM|DRAFT|PENDING|UNVERIFIED|INCOMPLETE"
)
_TAKEN_BACK = re.compile(r"(?:取消|撤销|撤回)(?:审|签|发布)|(?:审核|签发|发布)(?:取消|撤)")
"""An approval, not the report."""
_NOT_THE_REPORT = re.compile("(?:取消|撤销)(?:打印|锁定|归档|危急值|发送|收藏|预约提醒)")
_VOID = re.compile(
    r"(?<!未)(?<!非)(?<!不)(?:作废|撤销|撤回|撤稿|无效|无効|废弃|已删除|取消|取り消|취소)"
    r"|(?<!NOT )(?<![A-Z])(?:VOID(?:ED)?|CANCEL(?:L?ED|LATION|AD[OA])?|WITHDRAWN|RETRACTED|REVOKED|INVALID|DELETED"
    r"|ENTERED[ -]IN[ -]ERROR|STORN(?:IERT|O)|UNG(?:U|UE)LTIG|ANUL(?:AD[OA]|ACION)|ANNUL(?:EE?|LAT[OA])|INVALID[EO])"
    r"(?![A-Z])"
)

@dataclass(frozen=True)
class Examination:
    """What a row says of its examination. Nothing of it is written anywhere: a date tells a person.

    Parameters
    ----------
    other : str
        Why it is no MRI of the head, in words that hold nothing of the row's; "" where nothing says so.
    other_too : str
        Why so by the part of the body, where the device says so already.
    date : datetime.date, optional
    or_date : datetime.date, optional
        The day as well, where nobody can tell day from month.
    unread : str
        What stands in place of a date, where it cannot be read.
    final : bool, optional
        False for a draft or an initial report; None where the row does not say.
    reported : datetime.datetime, optional
        When the report was written or signed.
    person : Person
        What the row tells of its patient.
    void : bool
        Whether its status calls the report void, withdrawn or cancelled.
    """

    other: str = ""
    date: datetime.date | None = None
    final: bool | None = None
    reported: datetime.datetime | None = None
    or_date: datetime.date | None = None
    unread: str = ""
    person: Person = field(default=NOBODY)
    void: bool = False
    other_too: str = ""

    @property
    def day(self) -> tuple:
        """Return what tells its day from others, whether it can be read or not."""
        return self.date, self.or_date, self.unread

    def is_of_another_day(self, date: datetime.date | None) -> bool:
        """Tell whether a day is known, and none of those that this examination may have been on is near it."""
        days = [day for day in (self.date, self.or_date) if day]
        return bool(days) and all(is_another_day(day, date) for day in days)


def examinations(
    names: list[str], rows: list[list[str]], sheet: str = "", given: dict[str, str] | None = None
) -> list[Examination]:
    """Return what each row of a table says of its examination; the sheet's name stands for a column that is not there.

    Parameters
    ----------
    names : list of str
        Of the columns.
    given : dict, optional
        Names of columns that the user gave, by what they are.
    """
    columns = examination_columns(names, given)

    def said(cells: list[str], role: str) -> str:
        values = (cells[i] for i in columns.get(role, ()) if i < len(cells))
        return unicodedata.normalize("NFKC", " ".join(filter(None, values))).upper().strip()

    def written(role: str) -> list[str]:
        return [next((cells[i].strip() for i in columns.get(role, ()) if i < len(cells) and cells[i].strip()), "")
                for cells in rows]  # fmt: skip

    sheet = _BESIDE.sub("", unicodedata.normalize("NFKC", sheet).upper())
    device, part = sheet if _DEVICE_OF_SHEET.fullmatch(sheet) else "", sheet if len(sheet) <= _LONGEST_PART else ""
    others = [_others(said(cells, "modality") or said(cells, "body_part") or device, said(cells, "body_part") or part)
              for cells in rows]  # fmt: skip
    dates = written("date")
    times, reports = column_times(dates), column_times(written("reported"))
    of_rows = zip(others, rows, dates, times, reports, persons(names, rows), strict=True)
    return [
        Examination(
            other[0],
            days[0].date() if days else None,
            _is_final(said(cells, "status")),
            reported[0] if len(reported) == 1 else None,
            days[1].date() if len(days) > 1 else None,
            "" if days or is_no_date(text) or not _OF_A_DATE.search(text) else text,
            person,
            _is_void(said(cells, "status")),
            other[1],
        )
        for other, cells, text, days, reported, person in of_rows
    ]  # fmt: skip


def is_another_day(one: datetime.date | None, other: datetime.date | None) -> bool:
    """Tell whether two days are known and further apart than an examination and its report."""
    return one is not None and other is not None and abs((one - other).days) > DAYS


def _others(modality: str, part: str) -> tuple[str, str]:
    """Return why a device and a part of the body, in upper case, are not those of an MRI of the head: one, and both."""
    modality, part = simplified(modality), simplified(part)
    device = None if _MR.search(modality) else _OTHER_MODALITY.search(modality)
    reasons = [f"it is an examination by {device[0]}, not by MR"] if device else []
    if named := _other_part(part):
        reasons.append(f"it is an examination of another part of the body ({named})")
    return tuple([*reasons, "", ""][:2])


def _other_part(part: str) -> str:
    """Return the part that is no head, in words of headers and of other languages, accents written or not; else ""."""
    bare = without_accents(part)
    if _HEAD.search(bare) or not other_part(f"{bare} KNEE"):  # beside a head even a knee is none
        return ""
    found = _OTHER_PART.search(bare)
    return other_part(part) or other_part(bare) or (found[0] if found else "")


def _is_void(status: str) -> bool:
    """Tell whether a status in upper case is that of no report any more."""
    told = _NOT_THE_REPORT.sub("", _TAKEN_BACK.sub("", simplified(without_accents(status))))
    return _VOID.search(told) is not None


def _is_final(status: str) -> bool | None:
    """Tell whether a status in upper case is that of a final report, or of a draft; None where it is neither's."""
    if _INITIAL.search(status) or _TAKEN_BACK.search(status):
        return False
    return True if _FINAL.search(status) else None
