"""Whether a report and a DICOM header speak of one person: by sex, birth date and name, where both tell them."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from selip_core.ingest.blank_ids import is_nobody
from selip_core.ingest.comparable import without_accents
from selip_core.ingest.dates import column_times
from selip_core.ingest.report_columns import person_columns
from selip_core.reports.script import simplified

_SEXES = {
    "m": "M", "male": "M", "man": "M", "boy": "M", "男": "M", "男性": "M", "mannlich": "M", "mann": "M",
    "masculino": "M", "masculin": "M", "homme": "M", "hombre": "M", "h": "M", "varon": "M",
    "f": "F", "female": "F", "woman": "F", "girl": "F", "女": "F", "女性": "F", "weiblich": "F", "w": "F", "frau": "F",
    "femenino": "F", "feminin": "F", "feminino": "F", "femme": "F", "mujer": "F",
}  # fmt: skip
_HAN = re.compile(r"[\u3400-\u9fff]")
_COVERED = re.compile(r"[*?某]|\d|(?<![A-Za-z])[Xx×]{2,}|(?<=[\u3400-\u9fff])[Xx×]|先生|女士|小姐")
"""A name that is covered, 王**, or numbered, ANON12: it is no name."""
_REMARK = re.compile(r"[（(].*?[)）]")
_TITLES = {"mr", "mrs", "ms", "miss", "dr", "herr", "frau", "mme", "sr", "sra", "prof"}
FIELDS = ("sex", "birth", "name")
CALLED = {"sex": "sex", "birth": "birth date", "name": "name"}


@dataclass(frozen=True)
class Person:
    """What is told of a patient, as far as it can be compared. It is never written.

    Parameters
    ----------
    sex : ``M``, ``F`` or ""
    births : tuple of datetime.date
        The day, or two where nobody can tell day from month.
    name : str
    """

    sex: str = ""
    births: tuple[datetime.date, ...] = ()
    name: str = ""


NOBODY = Person()


def persons(names: list[str], rows: list[list[str]]) -> list[Person]:
    """Return what each row of a table tells of its patient; `names` are those of the columns."""
    columns = person_columns(names)

    def written(role: str) -> list[str]:
        return [next((cells[i].strip() for i in columns.get(role, ()) if i < len(cells) and cells[i].strip()), "")
                for cells in rows]  # fmt: skip

    sexes = _sexes(written("sex"))
    births = (tuple(time.date() for time in times) for times in column_times(written("birth"), of_birth=True))
    return [Person(*told) for told in zip(sexes, births, map(_plain_name, written("name")), strict=True)]


def person_of_header(sex: str, birth: str, name: str) -> Person:
    """Return what a DICOM header tells of its patient."""
    times = column_times([birth], of_birth=True)[0]
    return Person(_sexes([sex])[0], tuple(time.date() for time in times), _plain_name(name))


def disagreeing(one: Person, other: Person) -> list[str]:
    """Return the fields that both tell and in which they disagree."""
    return [field for field in FIELDS if both_tell(one, other, field) and not _agree(one, other, field)]


def both_tell(one: Person, other: Person, field: str) -> bool:
    """Tell whether a field can be compared: a name in a script that both write."""
    if field == "sex":
        return bool(one.sex and other.sex)
    if field == "birth":
        return bool(one.births and other.births)
    return bool((_han(one.name) and _han(other.name)) or (_latin(one.name) and _latin(other.name)))


def _agree(one: Person, other: Person, field: str) -> bool:
    if field == "sex":
        return one.sex == other.sex
    if field == "birth":
        return any(_same_birth(a, b) for a in one.births for b in other.births)
    # of a name in two scripts one that agrees is enough
    return _same_han(_han(one.name), _han(other.name)) or _same_latin(_latin(one.name), _latin(other.name))


def _same_birth(one: datetime.date, other: datetime.date) -> bool:
    """Return whether two days of birth may be one: the first of January stands for a year alone."""
    if (1, 1) in ((one.month, one.day), (other.month, other.day)):
        return one.year == other.year
    return one == other


def _sexes(values: Iterable[str]) -> list[str]:
    texts = [without_accents(value).casefold().strip(" .") for value in values]
    spanish = {"h", "hombre", "mujer", "varon"} & set(texts)  # where a man is H, M is mujer and F femme
    return ["F" if spanish and text == "m" else _SEXES.get(text, "") for text in texts]


def _plain_name(text: str) -> str:
    """Return a name as it is compared; "" for one that is covered, numbered or nobody's."""
    text = _REMARK.sub("", unicodedata.normalize("NFKC", text)).strip()
    text = re.sub(r"(?<=[\u3400-\u9fff])\d$", "", text)
    return "" if not text or _COVERED.search(text) or is_nobody(text) else text


def _han(name: str) -> str:
    return simplified("".join(_HAN.findall(name.rpartition("=")[2] if name.count("=") == 1 else name)))


def _latin(name: str) -> list[str]:
    words = [word for word in re.findall(r"[a-z]{2,}", without_accents(name).casefold()) if word not in _TITLES]
    return words if len("".join(words)) > 3 else []  # initials


def _same_han(one: str, other: str) -> bool:
    """Return whether two names of Chinese characters may be one; a single character may be miswritten in three."""
    if not one or not other:
        return False
    misread = len(one) == len(other) >= 3 and sum(a != b for a, b in zip(one, other, strict=True)) == 1
    return one in other or other in one or misread


def _same_latin(one: list[str], other: list[str]) -> bool:
    """Return whether two names in Latin letters have a part in common, whether its parts are written apart or not."""
    together = "".join(one), "".join(other)
    return any(word in together[1] for word in one) or any(word in together[0] for word in other)
