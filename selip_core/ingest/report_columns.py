"""What the columns of a report export are called (``report_columns.yaml``): which are used, dropped or unclear."""

import re
from pathlib import Path

import yaml

from selip_core.errors import SelipError
from selip_core.ingest.comparable import without_accents
from selip_core.ingest.person_words import FAMILY, HAN, is_word
from selip_core.reports.script import simplified

_BOOK = yaml.safe_load(Path(__file__).with_name("report_columns.yaml").read_text(encoding="utf-8"))
OPTION = "name it with --columns {role}=NAME, or columns={{{role!r}: NAME}} in Python"


def bare(name: str) -> str:
    """Return a column's name without what is not compared: case, width, accents, script, white space, punctuation."""
    if not name.isascii():
        name = simplified(without_accents(name))
    return "".join(char for char in name.casefold() if char.isalnum())


def _steps(of: str) -> dict[str, list[set[str]]]:
    return {role: [{bare(name) for name in step} for step in steps] for role, steps in _BOOK[of].items()}


_STEPS, _EXAMINATION, _PERSON = _steps("used"), _steps("examination"), _steps("person")
_ALSO_CALLED = {"procedure": "body_part"}
_IDENTIFIERS = {bare(name) for name in _BOOK["identifiers"]}
_IDENTIFIER_PARTS = tuple(bare(part) for part in _BOOK["identifier_parts"])
_CONTINUED = re.compile(r"(?:续|接|cont(?:inued|inuation|d)?|fortsetzung|suite|part)?(\d{0,2})")
"""What stands behind the name of a column in that of the next one, where a database has cut the text."""
_NAME_IN_TITLE = re.compile(rf"(?:(?<!{HAN})(?={FAMILY})|(?=(?:{FAMILY}){HAN}{{1,2}}(?!{HAN})))({HAN}{{2,3}})")
_OF_TITLES = re.compile("金?标准|路径|随访|相关|开单|任务|曲线|编号|时长")
"""Words of titles that would look like a name."""
_HARMLESS_ENDINGS = tuple(_BOOK["harmless_endings"])
_TEXT_ENDINGS = tuple(_BOOK["text_endings"])
_HARMLESS = {bare(name) for name in _BOOK["harmless"]}.union(
    *_STEPS["findings"], *_STEPS["impression"], *(step for steps in _EXAMINATION.values() for step in steps)
)


def map_columns(header: list[str], given: dict[str, str], where: str) -> dict[str, int]:
    """Return the position of each column that is used: findings, an id or both, and impression if there is one.

    Parameters
    ----------
    header : list of str
    given : dict
        Names that the user gave, by what the column is.
    where : str
        The file, for messages.

    Raises
    ------
    SelipError
        If a column is missing or unclear; lists the columns and says how to name one.
    """
    may_be_given = (*_STEPS, *_EXAMINATION, *_ALSO_CALLED)
    unknown = set(given) - set(may_be_given)
    if unknown:
        raise SelipError(f"{sorted(unknown)[0]!r} is no column of a report; name some of {', '.join(may_be_given)}")
    names = [bare(name) for name in header]
    if missing := [name for role, name in given.items() if role not in _STEPS and bare(name) not in names]:
        raise SelipError(f"{where} has no column {missing[0]!r}; it has {_listed(header)}")
    found: dict[str, int] = {}
    for role, steps in _STEPS.items():
        wanted = [{bare(given[role])}] if role in given else steps
        free = [(i, name) for i, name in enumerate(names) if i not in found.values() or role in given]
        hits = next((h for step in wanted if (h := [i for i, name in free if name in step])), [])
        if role in given and not hits:
            raise SelipError(f"{where} has no column {given[role]!r}; it has {_listed(header)}")
        if len(hits) > 1:
            unclear = " and ".join(header[i].strip() for i in hits)
            raise SelipError(f"{where}: {unclear} could each be {role}; {OPTION.format(role=role)}")
        if hits:
            found[role] = hits[0]
    missing = [role for role in ("findings",) if role not in found]
    if "patient_id" not in found and "study_id" not in found:
        missing.append("study_id")
    if missing:
        raise SelipError(
            f"{where} has no column known as {' or '.join(missing)}; it has {_listed(header)}; "
            + OPTION.format(role=missing[0])
        )
    return found


def examination_columns(header: list[str], given: dict[str, str] | None = None) -> dict[str, list[int]]:
    """Return where a row tells its ``modality``, ``body_part``, ``date``, ``status`` and when it was ``reported``.

    Parameters
    ----------
    given : dict, optional
        Names that the user gave, by what the column is, others among them; ``procedure`` is the part of the body.
    """
    named = {_ALSO_CALLED.get(role, role): [{bare(name)}] for role, name in (given or {}).items()}
    return _in_steps(header, {role: named.get(role, steps) for role, steps in _EXAMINATION.items()})


def person_columns(header: list[str]) -> dict[str, list[int]]:
    """Return where a row tells the ``sex``, ``birth`` date and ``name`` of its patient."""
    return _in_steps(header, _PERSON)


def _in_steps(header: list[str], roles: dict[str, list[set[str]]]) -> dict[str, list[int]]:
    names = [bare(name) for name in header]
    found = {
        role: next((hits for step in steps if (hits := [i for i, name in enumerate(names) if name in step])), [])
        for role, steps in roles.items()
    }
    return {role: hits for role, hits in found.items() if hits}


def identifier_columns(header: list[str], used: dict[str, int]) -> list[int]:
    """Return the positions of the columns that tell who somebody is, the ids that are used among them."""
    ids = set().union(*(step for role in ("patient_id", "study_id") for step in _STEPS[role]))
    texts = {used.get("findings"), used.get("impression")}
    used_ids = {used.get("patient_id"), used.get("study_id")}
    return [
        i
        for i, name in enumerate(map(bare, header))
        if i not in texts
        and (i in used_ids or name in ids | _IDENTIFIERS or _tells_a_person(name))
    ]


def _tells_a_person(name: str) -> bool:
    """Tell whether a column is a person's by a part of its name: 报告医生 is, 医生诊断 is what the person says."""
    return any(part in name for part in _IDENTIFIER_PARTS) and not name.endswith(_TEXT_ENDINGS)


def continued_columns(header: list[str], used: dict[str, int]) -> dict[str, list[int]]:
    """Return where findings and impression go on, in order: 检查所见2, 检查所见(续), Findings continued.

    By their numbers where all have one, else as they stand.
    """
    names, found = [bare(name) for name in header], {}
    for role in ("findings", "impression"):
        first = used.get(role, -1)
        stem = re.sub(r"(?<=\D)0?1$", "", names[first]) if first >= 0 else ""
        further = [
            (match[1], i) for i, name in enumerate(names)
            if stem and i not in used.values() and name.startswith(stem) and len(name) > len(stem)
            and (match := _CONTINUED.fullmatch(name[len(stem) :]))
        ]  # fmt: skip
        if all(number for number, _ in further):
            further.sort(key=lambda one: (int(one[0]), one[1]))
        if further:
            found[role] = [i for _, i in further]
    return found


def unknown_columns(header: list[str], used: dict[str, int]) -> list[int]:
    """Return the positions of the columns that are neither used nor known: 患者, Pt Name may be persons."""
    continued = continued_columns(header, used).values()
    passed_over = {*used.values(), *identifier_columns(header, used), *(i for places in continued for i in places)}
    return [
        i
        for i, name in enumerate(map(bare, header))
        if i not in passed_over and name not in _HARMLESS and not name.endswith(_HARMLESS_ENDINGS)
    ]


def shown_title(header: list[str], column: int) -> str:
    """Return what a column of unknown name is called where it is told; its place where the name may hold a person's."""
    title = header[column].strip()
    compared = _OF_TITLES.sub(" ", simplified(title))
    named = any(not is_word(match[1]) for match in _NAME_IN_TITLE.finditer(compared))
    return title if title and not named else f"column {column + 1}"


def n_known(header: list[str]) -> int:
    """Return how many columns have a name that is known here."""
    known = _IDENTIFIERS.union(*(step for steps in _STEPS.values() for step in steps))
    return sum(bare(name) in known for name in header)


def _listed(header: list[str]) -> str:
    """Return the names of the columns; not the cells of a first row that may be a patient's."""
    if not n_known(header):
        return f"{len(header)} columns, none of a known name (is its first row a header?)"
    return ", ".join(name.strip() for name in header if name.strip())
