"""What a DICOM header says of a person stays out of a cohort, whatever its character set: the whole table of PS3.15."""

import csv
import gzip
import re
from pathlib import Path

import pandas as pd
import pydicom
import pytest
from pydicom.datadict import DicomDictionary, dictionary_keyword, dictionary_VR
from pydicom.dataset import Dataset

from selip_core.ingest.build import ingest
from selip_core.ingest.dicom_text import PERSONAL, PERSONAL_TAGS, header_text, personal_values
from tests.helpers.dicom_files import write_series

TABLE = Path(__file__).with_name("basic_profile.csv")
NAME = "欧阳建国"
"""No person: made up."""

_KEPT_BY_DESIGN = {"SeriesDescription", "ProtocolName", "ContrastBolusAgent", "SeriesInstanceUID", "StudyInstanceUID",
                   "SOPInstanceUID", "StudyDate", "StudyTime", "FrameOfReferenceUID"}  # fmt: skip
"""Read for what a series is; the description is shown in quality.csv, scrubbed; the others are written nowhere."""


def marked_table() -> dict[str, tuple[str, object]]:
    """Return for each attribute of the table that can hold text or an id a value that is found again: by keyword."""
    marked = {}
    with open(TABLE, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 460
    for number, row in enumerate(rows):
        if not re.fullmatch("[0-9a-f]{8}", row["tag"]) or row["tag"].startswith(("0000", "fff", "0002")):
            continue
        tag = int(row["tag"], 16)
        if tag not in DicomDictionary or dictionary_keyword(tag) in _KEPT_BY_DESIGN:
            continue
        token = f"Q{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}ZX{number:03d}"
        kind = dictionary_VR(tag)
        if kind == "PN":
            token = "Q" + "".join("abcdefghij"[int(digit)] for digit in f"{number:03d}") + "zzyx"
            marked[dictionary_keyword(tag)] = token, f"{token}^{token}b"
        elif kind in ("LO", "SH", "LT", "ST", "UT", "UC", "AE"):
            marked[dictionary_keyword(tag)] = token, token
        elif kind == "SQ":
            item = Dataset()
            item.PatientID, item.PersonName = token, f"{token[:3]}sequence^{token[:3]}"
            marked[dictionary_keyword(tag)] = token, [item]
    return marked


def ingested(folder: Path) -> Path:
    ingest(folder / "in", folder / "out", reports=folder / "reports.csv", progress=False, workers=1)
    return folder / "out"


def everything_written(folder: Path) -> bytes:
    """Return all bytes below a folder, what is gzipped unpacked, and all names."""
    found = []
    for path in folder.rglob("*"):
        found.append(path.name.encode())
        if path.is_file():
            data = path.read_bytes()
            found.append(gzip.decompress(data) if path.name.endswith(".gz") else data)
    return b"\n".join(found)


def test_nothing_of_the_whole_table_is_written_and_reports_do_not_repeat_a_person(tmp_path):
    marked = marked_table()
    assert len(marked) > 250 and {"PatientName", "OperatorsName", "PatientComments"} <= set(marked)
    values = {keyword: value for keyword, (_, value) in marked.items() if keyword != "AccessionNumber"}
    write_series(tmp_path / "in", person={"AccessionNumber": "ACC778899", **values})
    persons = [marked[keyword][0] for keyword in PERSONAL if keyword in marked and keyword != "AccessionNumber"]
    persons += [marked[keyword][0] for keyword in PERSONAL_TAGS if keyword in marked and keyword not in PERSONAL]
    assert len(persons) > 80
    text = "左侧额叶见片状长T1长T2信号影。" + "，".join(f"见 {token} 。" for token in persons)
    pd.DataFrame({"检查号": ["ACC778899"], "检查所见": [text]}).to_csv(tmp_path / "reports.csv", index=False)
    written = everything_written(ingested(tmp_path)).upper()
    report = pd.read_csv(tmp_path / "out" / "reports.csv")["findings"].item()
    assert [token for token in persons if token in report] == [] and "左侧额叶见片状长T1长T2信号影" in report
    assert [token for token, _ in marked.values() if token.upper().encode() in written] == []


@pytest.mark.parametrize("charset", [None, "ISO_IR 100", "ISO_IR 192", "GB18030", "ISO_IR 13"])
@pytest.mark.parametrize(("encoding", "name"), [("gb18030", NAME), ("big5", "歐陽震華"), ("utf-8", NAME)])
def test_a_name_is_found_whatever_character_set_is_declared(tmp_path, charset, encoding, name):
    def as_bytes(value):
        return value.encode(encoding).decode("latin-1")

    person = {"PatientID": "P1", "AccessionNumber": "ACC1", "PatientName": as_bytes(name),
              "InstitutionName": as_bytes("第一醫院" if encoding == "big5" else "第一医院"),
              "SpecificCharacterSet": "ISO_IR 100"}  # fmt: skip
    series = "T2 軸位" if encoding == "big5" else "水抑制 轴位"
    files = write_series(tmp_path / "in", person=person, SeriesDescription=as_bytes(series))
    for path in files:  # the bytes stay, what is declared of them changes
        data = path.read_bytes()
        if charset is None:
            start = data.index(b"\x08\x00\x05\x00CS")
            data = data[:start] + data[start + 8 + data[start + 6] :]
        else:
            data = data.replace(b"ISO_IR 100", charset.ljust(10).encode()[:10])
        path.write_bytes(data)
    found = pydicom.dcmread(files[0])
    assert header_text(found, "SeriesDescription") == series
    assert name in personal_values(pydicom.dcmread(files[0]))
    report = f"患者{name}，左侧额叶见片状长T1长T2信号影。"
    pd.DataFrame({"检查号": ["ACC1"], "检查所见": [report]}).to_csv(tmp_path / "reports.csv", index=False)
    out = ingested(tmp_path)
    assert pd.read_csv(out / "reports.csv")["findings"].item() == "患者＊＊，左侧额叶见片状长T1长T2信号影。"
    assert name.encode() not in everything_written(out)


def test_values_of_sequences_and_several_values_are_told_apart():
    item, found = Dataset(), Dataset()
    item.PatientID = "OTHER12345"
    found.OtherPatientIDsSequence, found.OperatorsName = [item], ["Zhang^San", "Li^Si"]
    found.PatientBirthDate = "19700412"
    values = personal_values(found)
    assert {"OTHER12345", "Zhang", "San Zhang", "Li^Si", "1970年4月12日"} <= set(values)
    for implicit in (False, True):
        with pydicom.filebase.DicomBytesIO() as file:
            file.is_little_endian, file.is_implicit_VR = True, implicit
            pydicom.filewriter.write_dataset(file, found)
            file.seek(0)
            read = pydicom.filereader.read_dataset(file, implicit, True)
            assert set(personal_values(read)) == set(values)
    assert header_text(found, "OperatorsName") == "Zhang^San\\Li^Si" and header_text(found, "StationName") == ""
