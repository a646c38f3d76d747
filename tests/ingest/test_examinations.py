"""What a row says of its examination: another device, part or day is known, and what says nothing is none of these."""

import datetime

import pytest

from selip_core.ingest.examinations import date_of, examinations, is_another_day


def other(column, value, **more):
    return examinations([column, *more], [[value, *more.values()]])[0].other


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("设备类型", "CT"), ("Modality", "DX"), ("检查类型", "超声"), ("modality", "PT"), ("检查部位", "胸部"),
        ("检查部位", "腰椎"),
        ("检查项目", "胸部CT平扫"), ("检查项目", "头颅CT平扫"), ("Body Part Examined", "CHEST"),
        ("Study Description", "MRI KNEE"),
        ("检查部位", "颈部血管"), ("部位", "双膝关节"), ("检查名称", "腹部磁共振平扫"), ("检查部位", "手"),
        ("设备类型", "ＣＴ"),
    ],
)  # fmt: skip
def test_another_examination_is_told(column, value):
    assert "it is an examination" in other(column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("设备类型", "MR"), ("Modality", "MRI"), ("检查类型", "磁共振"), ("设备类型", "PET/MR"), ("modality", ""),
        ("检查类型", "急诊"),
        ("设备类型", "1.5T"), ("检查部位", "头颅"), ("检查部位", "头颈部"), ("检查部位", "平扫"),
        ("检查项目", "颅脑MR平扫+增强"), ("部位", "鞍区"),
        ("检查项目", "头颅、颈椎MR"), ("Body Part", "BRAIN"), ("Study Description", "MRI brain w/o contrast"),
        ("检查部位", "手术后"),
        ("检查部位", "颈静脉孔区"), ("procedure", "CNS"), ("设备", "CT室"), ("Modality", "CT/MR"), ("检查部位", "眼眶"),
    ],
)  # fmt: skip
def test_what_does_not_say_so_is_no_other_examination(column, value):
    assert other(column, value) == ""


def test_the_name_of_the_sheet_stands_for_a_column_that_is_not_there():
    assert examinations(["检查号"], [["1"]], "CT 2023")[0].other
    assert not examinations(["检查号"], [["1"]], "MR头颅")[0].other
    assert not examinations(["设备类型"], [["MR"]], "CT")[0].other


@pytest.mark.parametrize(
    ("text", "date"),
    [("2015-01-02", (2015, 1, 2)), ("2015/1/2 10:30", (2015, 1, 2)), ("20150102", (2015, 1, 2)),
     ("2015年1月2日", (2015, 1, 2)),
     ("2015-01-02T10:30:00.000", (2015, 1, 2)), ("2015-02-31", None), ("3/2/2015", None), ("", None), ("nan", None)],
)  # fmt: skip
def test_days(text, date):
    assert date_of(text) == (datetime.date(*date) if date else None)


def test_two_days_apart_is_the_same_examination():
    day = datetime.date(2015, 1, 2)
    assert not is_another_day(day, datetime.date(2015, 1, 4)) and is_another_day(day, datetime.date(2015, 1, 5))
    assert not is_another_day(None, day) and not is_another_day(day, None)


@pytest.mark.parametrize(
    ("status", "final"),
    [("终审", True), ("已审核", True), ("Final", True), ("VERIFIED", True), ("初步", False), ("未审核", False),
    ("Preliminary", False),
     ("unverified", False), ("未完成", False), ("完成", True), ("", None), ("2", None)],
)  # fmt: skip
def test_status(status, final):
    assert examinations(["报告状态"], [[status]])[0].final is final
