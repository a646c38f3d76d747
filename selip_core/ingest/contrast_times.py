"""Two T1 alike whose headers both name a contrast agent, as some scanners write it once for the whole examination."""

import re
from collections import defaultdict
from collections.abc import Sequence

from selip_core.datasets.sequences import sequence_of_header
from selip_core.ingest.dicom import DicomSeries

_AGENT = ("ContrastBolusAgent", "ContrastBolusVolume")


def by_agent_alone(header: dict) -> bool:
    """Return whether a series is an enhanced T1 only because its header names a contrast agent."""
    without = {key: value for key, value in header.items() if key not in _AGENT}
    return sequence_of_header(header)[0] == "T1ce" and sequence_of_header(without)[0] == "T1"


def before_the_agent(series: Sequence[DicomSeries]) -> set[int]:
    """Return which series were acquired before the agent that their header names, by the time when it was given.

    That time counts on the day of the study, and only where it lies between two series of one name and geometry.
    """
    alike = defaultdict(list)
    for i, one in enumerate(series):
        if not one.reason and by_agent_alone(one.header):
            alike[_kind(one.header)].append(i)
    before: set[int] = set()
    for group in alike.values():
        headers = [series[i].header for i in group]
        given = [time for header in headers if (time := _seconds(header["ContrastBolusStartTime"])) is not None]
        acquired = [_seconds(header["AcquisitionTime"] or header["SeriesTime"]) for header in headers]
        same_day = all(header["AcquisitionDate"] in ("", header["StudyDate"]) for header in headers)
        if given and same_day and None not in acquired and min(acquired) < min(given) <= max(acquired):
            before |= {i for i, time in zip(group, acquired, strict=True) if time < min(given)}
    return before


def _kind(header: dict) -> tuple:
    """Return what two series alike have in common."""
    name = (header["SeriesDescription"] or header["ProtocolName"]).lower().strip()
    owner = header["PatientID"], header["StudyInstanceUID"], header["StudyDate"]
    geometry = (header[key] for key in ("ImageOrientationPatient", "PixelSpacing", "SliceThickness"))
    return *owner, name, *map(_rounded, geometry)


def _rounded(values: object) -> str:
    """Return the values of an attribute as text, numbers in two digits; broken ones as they are."""
    several = values if isinstance(values, list) else [values]
    return "\\".join(f"{value:.2f}" if isinstance(value, int | float) else str(value) for value in several)


def _seconds(time: str) -> float | None:
    """Return a time of DICOM, ``101500.25`` or ``1015``, in seconds of its day; None for what is none."""
    match = re.fullmatch(r"(\d\d):?(\d\d)(?::?(\d\d(?:\.\d*)?))?", time.strip())
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3] or 0) if match else None
