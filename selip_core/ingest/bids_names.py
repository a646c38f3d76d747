"""What the name of a BIDS file tells: its patient, its session, and what kind of image it is."""

import re

from selip_core.datasets.sequences import BIDS_SUFFIXES, sequence_of_text
from selip_core.ingest.folder_words import tells_contrast

BIDS_NAME = re.compile(
    r"sub-(?P<patient>[A-Za-z0-9]+)(?P<session>_ses-[A-Za-z0-9]+)?"
    r"(?P<entities>(?:_[a-z]+-[A-Za-z0-9]+)*)_(?P<suffix>[A-Za-z0-9]+)"
)
_LABEL = re.compile("_(?:acq|rec)-([A-Za-z0-9]+)")
_OF_THE_IMAGE = re.compile("subtraction|map computed|quantitative map|phase image|b-value|susceptib|projection|scout")
"""Reasons that a label gives of the image itself; acq-fMRI tells with what a T1w was taken."""
_BY_LABEL = {"T1": "T1ce", "T2": "FLAIR", "DWI": "ADC"}
"""What the label of an acquisition may make of the sequence of a suffix."""


def sequence_of_bids(match: re.Match, relative: str, said: str = "") -> tuple[str | None, str]:
    """Return the sequence of a BIDS file, or ``mask``, and the reason for which it is set aside.

    Parameters
    ----------
    match : re.Match
        Of its name by `BIDS_NAME`.
    relative : str
        Its path.
    said : str
        The label ``pre`` or ``post`` where the file beside it has the other: alone it may be of an operation.

    Examples
    --------
    >>> sequence_of_bids(BIDS_NAME.fullmatch("sub-01_acq-postcontrast_T1w"), "sub-01/anat")
    ('T1ce', '')
    """
    sequence, entities = BIDS_SUFFIXES.get(match["suffix"]), match["entities"]
    if sequence is None:
        return None, f"BIDS suffix {match['suffix']} is none of {', '.join(BIDS_SUFFIXES)}"
    if "_part-" in entities and "_part-mag" not in entities:
        return None, "a phase, real or imaginary image (entity part)"
    if "derivatives/" in f"/{relative}" and sequence != "mask":
        return None, "derived by somebody (folder derivatives); the plain image is used"
    if "_desc-" in entities and sequence != "mask":
        return None, "derived by somebody (entity desc); the plain image is used"
    if sequence == "T1" and "_ce-" in entities:
        return "T1ce", ""
    labels = [label for label in _LABEL.findall(entities) if label.lower() not in ("pre", "post")]
    if sequence == "mask" or not (labels or said):
        return sequence, ""
    told, reason = sequence_of_text(" ".join([match["suffix"], *labels, said]))
    if reason:
        return (None, reason) if _OF_THE_IMAGE.search(reason) else (sequence, "")
    if told == "T1ce" and not (said or any(map(tells_contrast, labels))):
        return sequence, ""
    return (told if told == _BY_LABEL.get(sequence) else sequence), ""
