"""Whether a row and a header are of one person: a contradiction is told, and what may be the same is none."""

import pytest

from selip_core.ingest.identity import Person, disagreeing, person_of_header, persons

COLUMNS = ["姓名", "性别", "出生日期"]


def wrong(row, header):
    return disagreeing(persons(COLUMNS, [row])[0], person_of_header(*header))


@pytest.mark.parametrize(
    ("row", "header", "fields"),
    [
        (["李建国", "男", "1988-08-08"], ("F", "19500102", "Wang^Fang=王^芳"), ["sex", "birth", "name"]),
        (["", "Male", ""], ("F", "", ""), ["sex"]), (["", "女性", ""], ("M", "", ""), ["sex"]),
        (["", "", "8.8.1988"], ("", "19880809", ""), ["birth"]),
        (["", "", "1988-01-01"], ("", "19870203", ""), ["birth"]),
        (["王芳", "", ""], ("", "", "王^丽"), ["name"]), (["Smith, John", "", ""], ("", "", "Miller^Anna"), ["name"]),
    ],
)  # fmt: skip
def test_contradictions(row, header, fields):
    assert wrong(row, header) == fields


@pytest.mark.parametrize(
    ("row", "header"),
    [
        (["王芳", "女", "1950-01-02"], ("F", "19500102", "Wang^Fang=王^芳")), (["王芳", "", ""], ("", "", "Li^Si")),
        (["王**", "", ""], ("", "", "李^四")), (["王某某", "", ""], ("", "", "李^四")),
        (["王女士", "", ""], ("", "", "李^四")),
        (["王小明（女）", "", ""], ("", "", "王小明")), (["王晓明", "", ""], ("", "", "王小明")),
        (["陳大文", "", ""], ("", "", "陈大文")),
        (["王芳", "", ""], ("", "", "ANON001")), (["Smith, J", "", ""], ("", "", "SMITH^JOHN")),
        (["Dr. John Smith", "", ""], ("", "", "Smith^John^^Mr")), (["WANGFANG", "", ""], ("", "", "Wang^Fang")),
        (["Müller Ana", "", ""], ("", "", "MULLER^EVA")), (["Felix Braun", "", ""], ("", "", "Braun^Felix")),
        (["", "O", ""], ("F", "", "")), (["", "1", ""], ("F", "", "")), (["", "未知", ""], ("M", "", "")),
        (["", "", "1988-02-03"], ("", "19880101", "")), (["", "", "03/02/1988"], ("", "19880203", "")),
        (["", "", "1900-01-01"], ("", "19880203", "")), (["", "", "x"], ("", "19880203", "")),
    ],
)  # fmt: skip
def test_what_may_be_one_person(row, header):
    assert wrong(row, header) == []


def test_sexes_of_a_spanish_column():
    assert [one.sex for one in persons(["Sexo"], [["H"], ["M"]])] == ["M", "F"]
    assert [one.sex for one in persons(["Geschlecht"], [["m"], ["w"]])] == ["M", "F"]


def test_a_table_without_such_columns_tells_nobody():
    assert persons(["检查号"], [["1"]]) == [Person()]
