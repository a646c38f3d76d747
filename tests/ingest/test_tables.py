"""From a scanner's folder and a table to a cohort: what header and row tell of a person meets, and goes no further."""

import pytest

from selip_core.errors import SelipError
from selip_core.ingest import ingest
from tests.helpers.dicom_files import PERSON, write_series

HEADER = "检查号,患者ID,姓名,性别,出生日期,检查日期,检查所见"


def made(tmp_path, row):
    write_series(tmp_path / "src" / "a", person=PERSON | {"PatientSex": "F", "PatientName": "Wang^Fang"})
    (tmp_path / "r.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    counts = ingest(tmp_path / "src", tmp_path / "out", reports=tmp_path / "r.csv", progress=False, workers=1)
    return counts["reports"], (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("person", ["Wang Fang,女,1970/4/12", ",,", "王芳,F,12.04.1970"])
def test_a_report_of_the_header_s_person_is_joined(tmp_path, person):
    assert made(tmp_path, f"ACC778899,MRN0012345,{person},01/02/2024,左侧额叶见长T2信号影。")[0] == 1


@pytest.mark.parametrize("person", ["Zhao Lei,,", ",男,", ",,1988-08-08"])
def test_a_report_of_somebody_else_is_set_aside_and_tells_nothing_of_them(tmp_path, person):
    n, page = made(tmp_path, f"ACC778899,MRN0012345,{person},01/02/2024,左侧额叶见长T2信号影。")
    assert n == 0 and "is another than that in the header" in page
    assert not any(told in page for told in ("Zhao", "Wang", "1988", "1970"))


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.iso"])
def test_an_archive_that_is_not_opened_says_so_in_one_line(tmp_path, name):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / name).write_bytes(b"x" * 500)
    for source in (tmp_path / "src", tmp_path / "src" / name):
        with pytest.raises(SelipError, match=r"which is not opened here: unpack it first") as error:
            ingest(source, tmp_path / f"out{source.suffix}", progress=False, workers=1)
        assert "\n" not in str(error.value)
