"""What folders, and files that are called by a word or a number alone, tell beside a sequence: contrast, b-value."""

import re
from collections import defaultdict
from collections.abc import Iterable

from selip_core.datasets.sequences import LOW_B_VALUE, sequence_of_file, sequence_of_text, standard_sequence

_MEDIUM = r"(?:contrast|[ck]ontrast[aeo]?|gadolinium|gado?|gd|ce|km|c)"
_CONTRAST = re.compile(
    rf"(?:pre|post|non|no|without|w/?o|with|ohne|mit|nach|vor|sans|avec|sin|con|sem|com|senza)[-_ ]?{_MEDIUM}"
    r"|\+? ?(?:ce|gd|gad|km)|c[-+]|[-+] ?c|(?:un|non[-_ ]?)?enhanced|[ck]ontrast(?:[-_ ]enhanced)?|plain|native?"
    "|(?:平[扫掃]|[增増][强強]|[强強]化|造影[前后後]?|[单單]純)(?:扫描|掃描|[组組]|期|[后後前])?|(?:비)?조영(?:전|후)?",
    re.IGNORECASE,
)
"""A whole name that tells whether a contrast medium was given, and nothing else."""
_INITIALS = re.compile("[A-Za-z]{2,3}")
"""Of somebody, KM, where no folder of a sequence is above."""
_PAIR = re.compile("pre|post", re.IGNORECASE)
"""The same only where both are there: alone they may be of an operation."""
_OF_BIDS = re.compile(r"(?P<before>.*_(?:acq|rec)-)(?P<word>pre|post)(?P<behind>_.*T1w)", re.IGNORECASE)
_B_VALUE = re.compile(r"b?[-_ ]?\d{1,4}", re.IGNORECASE)
_T1 = {"T1", "T1ce"}


def words_beside(names: Iterable[str]) -> dict[str, str]:
    """Return what is judged together with the name of a file, by the place where it stands.

    Places are those of folders, of which such a one is no study, and of files that are called by such a word alone.

    Parameters
    ----------
    names : iterable of str
        Relative paths of the volumes of a source, with ``/`` and without their endings.

    Examples
    --------
    >>> words_beside(["P1/T1/pre", "P1/T1/post", "P2/平扫/T1", "P3/DWI/b0", "P4/post/T1"])
    {'P2/平扫': '平扫', 'P3/DWI/b0': 'b0', 'P1/T1/post': 'post', 'P1/T1/pre': 'pre'}
    """
    paths = [name.split("/") for name in names]
    found = {
        "/".join(parts[: i + 1]): parts[i]
        for parts in paths for i in range(1, len(parts))
        if tells_contrast(parts[i]) and (not _INITIALS.fullmatch(parts[i]) or sequence_of_text(parts[i - 1])[0])
    }  # fmt: skip
    return found | _b_values(paths) | _pairs(paths) | _folders_of_one_sequence(paths)


def tells_contrast(name: str) -> bool:
    """Return whether a whole name tells that a contrast medium was given or not, and nothing else."""
    return _CONTRAST.fullmatch(name) is not None


def _b_values(paths: list[list[str]]) -> dict[str, str]:
    """Return the b-values of files in folders of diffusion; a number alone is one beside another that must be one."""
    within, elsewhere = defaultdict(list), defaultdict(set)
    for *folders, name in paths:
        elsewhere[name].add("/".join(folders))
        if folders and _B_VALUE.fullmatch(name) and sequence_of_text(folders[-1])[0] == "DWI":
            within["/".join(folders)].append(name)
    found = {}
    for folder, those in within.items():
        if any(int(re.sub(r"\D", "", name)) % 50 or len(elsewhere[name]) > 1 for name in those):
            continue  # a series has a number too, and patient B12 may lie there
        bare = [name for name in those if name.isdecimal()]
        real = max(map(int, bare), default=0) >= LOW_B_VALUE and not any(re.match("0.", name) for name in bare)
        found |= {f"{folder}/{name}": f"b{name}" for name in bare if real}
        found |= {f"{folder}/{name}": name for name in those if name not in bare}
    return found


def _pairs(paths: list[list[str]]) -> dict[str, str]:
    """Return the places called pre and post that lie side by side in a folder of T1, or differ by their BIDS label.

    Above the sequences they are two examinations: before and after an operation, a treatment.
    """
    beside: dict[tuple[str, str], dict[str, set]] = defaultdict(lambda: defaultdict(set))
    for parts in paths:
        for i, part in enumerate(parts[1:], 1):
            if _PAIR.fullmatch(part) and sequence_of_text(parts[i - 1])[0] in _T1:
                beside["/".join(parts[:i]), ""][part].add(_sequence(parts))
        if match := _OF_BIDS.fullmatch("/".join(parts)):
            beside[match["before"], match["behind"]][match["word"]].add("T1")
    found = {}
    for (before, behind), words in beside.items():
        if len({word.lower() for word in words}) == 2 and all(held & _T1 for held in words.values()):
            twice = set.intersection(*words.values()) - {*_T1, None, "mask"}
            gap = "" if behind else "/"
            found |= {f"{before}{gap}{word}{behind}": word for word in sorted(words) if not twice}
    return found


def _folders_of_one_sequence(paths: list[list[str]]) -> dict[str, str]:
    """Return the folders that are called by a sequence and hold files that call themselves so too.

    T1 and T2 may be two times of a patient: where one of them holds anything else, none beside it counts.
    """
    held = defaultdict(set)
    for *folders, name in paths:
        if folders and standard_sequence(folders[-1]):
            held["/".join(folders)].add(sequence_of_file(name)[0])
    mixed = {_above(place) for place, those in held.items()
             if not those - {None, "mask"} <= _family(standard_sequence(place.split("/")[-1]))}  # fmt: skip
    return {
        place: place.split("/")[-1] for place, those in held.items()
        if those - {None, "mask"} and _above(place) not in mixed
    }  # fmt: skip


def _above(place: str) -> str:
    return place.rpartition("/")[0]


def _family(sequence: str) -> set[str]:
    return _T1 if sequence in _T1 else {sequence}


def _sequence(parts: list[str]) -> str | None:
    """Return the sequence that the name of a file tells, or the nearest folder above it."""
    told = (sequence_of_file(parts[-1])[0], *(sequence_of_text(part)[0] for part in reversed(parts[:-1])))
    return next((sequence for sequence in told if sequence), None)
