"""What the times of a DICOM series' acquisition tell: its sequence where nothing calls it, and what it cannot be."""

import re
from collections.abc import Mapping

from selip_core.datasets.image_types import header_values
from selip_core.datasets.sequence_words import LETTERS_END, START

SUSCEPTIBLE_ECHO_MS = 12.0
"""Choice: a gradient echo of so long an echo time is T2*-weighted."""
_GRADIENT_ECHO = re.compile(rf"{START}(F?GRE|FFE|FLASH|FL[23]D){LETTERS_END}")


def number(value: object) -> float | None:
    """Return a value of a header as a number, None where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def times(header: Mapping) -> tuple[float | None, float | None, float | None]:
    """Return repetition, echo and inversion time of a header in ms, None for what it does not tell."""
    return tuple(number(header.get(key)) for key in ("RepetitionTime", "EchoTime", "InversionTime"))


def of_acquisition(header: Mapping, called: str = "") -> tuple[str | None, str]:
    """Return the sequence that the times of acquisition tell. Choice: ranges of clinical spin and gradient echo.

    Parameters
    ----------
    header : mapping
        As `sequences.sequence_of_header` has it.
    called : str
        What the series is called, upper-case.
    """
    repetition, echo, inversion = times(header)
    if repetition is None or echo is None:
        return None, "its sequence is not known: neither description nor times of acquisition tell it"
    if is_susceptible(header, called):
        return None, "susceptibility-weighted"
    if inversion is not None and inversion >= 1500 and echo >= 70:
        return "FLAIR", ""
    if echo <= 30 and (repetition <= 1000 or (inversion is not None and inversion <= 1300)):
        return "T1", ""
    if echo >= 70 and repetition >= 2000:
        return "T2", ""
    return None, f"its sequence is not known: repetition time {repetition:g} ms, echo time {echo:g} ms fit none"


def is_susceptible(header: Mapping, called: str = "") -> bool:
    """Return whether a series is a gradient echo, by header or name, of an echo so long that it is T2*-weighted."""
    scanned, echo = header_values(header, "ScanningSequence"), number(header.get("EchoTime"))
    gradient = "GR" in scanned and not scanned & {"SE", "EP"} if scanned else _GRADIENT_ECHO.search(called)
    return bool(gradient) and echo is not None and echo >= SUSCEPTIBLE_ECHO_MS


def contradiction(sequence: str, header: Mapping) -> str:
    """Return why a series cannot be what it is called, by its times; empty where it can.

    An inversion may weight an image otherwise than its other times do (T1 FLAIR), and so does a balanced gradient echo.
    """
    repetition, echo, inversion = times(header)
    if repetition is None or echo is None or inversion:
        return ""
    scanned = header_values(header, "ScanningSequence")
    spin = "SE" in scanned and not scanned & {"GR", "EP"}
    as_t2 = sequence in ("T1", "T1ce") and "IR" not in scanned and repetition >= 2000 and echo >= 70
    as_t1 = sequence in ("T2", "FLAIR") and spin and 0 < repetition <= 1000 and 0 < echo <= 30
    if not (as_t2 or as_t1):
        return ""
    other = "T2" if as_t2 else "T1"
    return f"it is called {sequence}, but its times (repetition {repetition:g} ms, echo {echo:g} ms) are of a {other}"
