"""TCGA-LGG as it is published: what its tables code of each patient, and where its slices lie.

The collection (Buda, Saha and Mazurowski, Comput Biol Med 2019;109:218-225) gives each patient a folder of RGB slices,
pre-contrast, FLAIR and post-contrast, with masks of the FLAIR abnormality, and one table of codes, ``data.csv``.
"""

import re
from pathlib import Path

import pandas as pd

from selip_core._utils.tables import read_table
from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding, canonical_sentence

SLICE = re.compile(r"(?P<study>TCGA_\w\w_\w{4}_\d+)_(?P<slice>\d+)(?P<mask>_mask)?\.tiff?", re.IGNORECASE)
CODE_COLUMNS = ["patient_id", "institution", "side", "lobe", "grade"]

_SIDES = {"1": "left", "2": "midline", "3": "right"}
_LOBES = {"1": "cerebellum", "2": "frontal lobe", "4": "occipital lobe", "5": "parietal lobe", "6": "temporal lobe"}
"""# Choice: ``data.csv`` has no legend. These are the places in the alphabetical order of TCGA's own words; of 3, *not
otherwise specified*, nothing is made. Where the masks lie shows how far they agree."""
_GRADES = {"1": "G2", "2": "G3"}
_WORDS = {
    "side": {*_SIDES.values(), "bilateral"}, "lobe": {*_LOBES.values(), "insula"}, "grade": {*_GRADES.values(), "G4"},
}  # fmt: skip
_CHINESE = {
    "frontal lobe": "额叶", "temporal lobe": "颞叶", "parietal lobe": "顶叶", "occipital lobe": "枕叶",
    "insula": "岛叶", "cerebellum": "小脑半球", "left": "左侧", "right": "右侧",
}  # fmt: skip


def patient_of_study(study: str) -> str:
    """Return TCGA's barcode of a patient.

    Examples
    --------
    >>> patient_of_study("TCGA_CS_4941_19960909"), patient_of_study("TCGA-CS-4941")
    ('TCGA-CS-4941', 'TCGA-CS-4941')
    """
    return "-".join(re.split("[_-]", study)[:3])


def read_codes(directory: str | Path) -> pd.DataFrame:
    """Return what is coded of each patient: side, lobe and grade of the tumour.

    Parameters
    ----------
    directory : path
        Holds ``clinical.csv`` (patient_id, side, lobe, grade in words), or the published ``data.csv`` (numbers), itself
        or in its only folder that does, as the archive unpacks.

    Returns
    -------
    DataFrame with ``patient_id``, ``institution`` (TCGA's two letters), ``side`` (left, right, midline), ``lobe``,
    ``grade`` (G2, G3); empty where it is not coded. One row a patient.

    Raises
    ------
    SelipError
        If neither table is there, one of them is none, or a word is none of the codes; names file, line and word.
    """
    path = _table_of(Path(directory))
    if path.name == "clinical.csv":
        table = read_table(path, ("patient_id", *_WORDS))
        for name, words in _WORDS.items():
            known = {word.casefold(): word for word in words} | {"": ""}
            for line, value in zip(table["line"], table[name], strict=True):
                if value.casefold() not in known:
                    raise SelipError(f"{path} line {line}: {name} {value!r} is none of {', '.join(sorted(words))}")
            table[name] = [known[value.casefold()] for value in table[name]]
    else:
        coded = {
            "side": ("laterality", _SIDES), "lobe": ("tumor_location", _LOBES),
            "grade": ("neoplasm_histologic_grade", _GRADES),
        }  # fmt: skip
        table = read_table(path, ("patient", *(column for column, _ in coded.values())))
        table = table.rename(columns={"patient": "patient_id"})
        for name, (column, words) in coded.items():
            table[name] = [words.get(value.removesuffix(".0"), "") for value in table[column]]
    table["patient_id"] = [patient_of_study(patient) for patient in table["patient_id"]]
    table["institution"] = [patient.split("-")[1] if patient.count("-") == 2 else "" for patient in table["patient_id"]]
    codes = table[CODE_COLUMNS].drop_duplicates()
    if (doubled := codes["patient_id"].duplicated()).any():
        patient = codes.loc[doubled, "patient_id"].iloc[0]
        lines = ", ".join(map(str, table.loc[table["patient_id"] == patient, "line"]))
        raise SelipError(f"{path}: patient {patient} is coded in several ways (lines {lines}); keep what is true")
    return codes.reset_index(drop=True)


def _table_of(directory: Path) -> Path:
    for name in ("clinical.csv", "data.csv"):
        found = [directory / name] if (directory / name).is_file() else sorted(directory.glob(f"*/{name}"))
        if len(found) == 1:
            return found[0]
    raise SelipError(
        f"{directory} holds neither data.csv nor clinical.csv: give the folder of TCGA-LGG with its table of codes "
        "(data/README.md)"
    )


def coded_site(side: str, lobe: str) -> str:
    """Return the canonical site of a coded side and lobe, empty where one of both is not coded or has no side.

    Examples
    --------
    >>> coded_site("left", "frontal lobe"), coded_site("midline", "frontal lobe")
    ('左侧额叶', '')
    """
    words = _CHINESE.get(side, ""), _CHINESE.get(lobe, "")
    return "".join(words) if all(words) else ""


def coded_sites(codes: pd.DataFrame) -> pd.Series:
    """Return the canonical site of each patient of whom it is coded, by patient."""
    sites = {row.patient_id: coded_site(row.side, row.lobe) for row in codes.itertuples()}
    return pd.Series({patient: site for patient, site in sites.items() if site}, dtype=object)


COMMON_LOOK = {"FLAIR": "高信号", "T1": "低信号"}
"""# Choice: the codes tell no appearance. A glioma is bright on FLAIR (the masks outline that) and dark on T1; what it
is after contrast medium differs from patient to patient, so nothing is said of T1ce."""


def common_sentence(site: str, sequence: str) -> str:
    """Return the canonical sentence of a tumour at a site, as one usually looks on a sequence of `COMMON_LOOK`."""
    return canonical_sentence([Finding(site, COMMON_LOOK[sequence])])


def coded_sentences(codes: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return what the codes say of each patient whose site is known, as canonical sentences by sequence.

    Examples
    --------
    >>> one = {"patient_id": "TCGA-CS-4941", "side": "left", "lobe": "frontal lobe"}
    >>> coded_sentences(pd.DataFrame([one]))["TCGA-CS-4941"]["FLAIR"]
    '在左侧额叶表现为高信号'
    """
    return {
        patient: {sequence: common_sentence(site, sequence) for sequence in COMMON_LOOK}
        for patient, site in coded_sites(codes).items()
    }
