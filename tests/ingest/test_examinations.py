"""What a row says of its examination: another device, part or day is known, and what says nothing is none of these."""

import datetime

import pytest

from selip_core.ingest.dates import date_of
from selip_core.ingest.examinations import examinations, is_another_day


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
        ("设备类型", "ＣＴ"), ("检查部位", "CARDIAC MRI"),
        ("检查部位", "SACROILIAC JOINT"), ("检查部位", "双侧股骨头MRI"),
        ("检查部位", "髋关节(股骨头)"), ("检查部位", "ILIAC"),
        ("Exam", "CT HEAD"), ("Procedure Name", "XR CHEST"), ("Estudio", "RM de rodilla"), ("Estudio", "TAC craneal"),
        ("Untersuchung", "MRT HWS"), ("Untersuchung", "Röntgen Thorax"), ("Untersuchungsart", "MRT Kniegelenk"),
        ("Examen", "IRM du genou"), ("Région anatomique", "Rachis"), ("Exame", "TC de crânio"),
        ("検査部位", "頚椎"), ("検査部位", "股関節(大腿骨頭)"), ("檢查項目", "頸椎磁振造影"),
        ("Modalidad", "TC"), ("Modalität", "Röntgen"), ("Modalidade", "RX"), ("モダリティ", "超音波"),
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
        ("Exam", "MRI BRAIN R/O METS"), ("Estudio", "RM de cráneo y columna cervical"), ("Examen", "IRM encéphale"),
        ("Estudio", "RM de encéfalo y columna cervical"), ("Untersuchung", "MRT Schädel und HWS"),
        ("Untersuchung", "cMRT"), ("Examen", "IRM crâne et rachis"), ("検査部位", "頭部・頚椎"), ("検査部位", "脳"),
        ("檢查項目", "頭部磁振造影"), ("Modalidad", "RM"), ("Modalität", "MRT"), ("Exam", "Brain RO MS"),
        ("检查部位", "ADRENAL"), ("检查部位", "FACE AND NECK"), ("检查项目", "视神经脊髓炎"), ("检查项目", "肢端肥大"),
    ],
)  # fmt: skip
def test_what_does_not_say_so_is_no_other_examination(column, value):
    assert other(column, value) == ""


def test_the_name_of_the_sheet_stands_for_a_column_that_is_not_there():
    assert examinations(["检查号"], [["1"]], "CT 2023")[0].other
    assert examinations(["检查号"], [["1"]], "腰椎 2023")[0].other
    for title in ("MR头颅", "Dr. Wang", "PT 1-50", "US", "上海市胸科医院", "Sheet1"):
        assert not examinations(["检查号"], [["1"]], title)[0].other
    assert not examinations(["设备类型"], [["MR"]], "CT")[0].other


@pytest.mark.parametrize(
    ("text", "date"),
    [("2015-01-02", (2015, 1, 2)), ("2015/1/2 10:30", (2015, 1, 2)), ("20150102", (2015, 1, 2)),
     ("2015年1月2日", (2015, 1, 2)),
     ("2015-01-02T10:30:00.000", (2015, 1, 2)), ("2015-02-31", None), ("3/2/2015", None), ("", None), ("nan", None),
     (" 201112.123", None), ("193245.1", None), ("201112", None), ("20240105133000", None)],
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


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2024-01-05 01:30 PM", 13), ("2024-01-05 12:10 AM", 0), ("2024-01-05 下午1:30", 13),
     ("2024-01-05 上午 11:00", 11),
     ("2024-01-05 13:30", 13), ("2024-01-05T13:30:00.5", 13), ("2024-01-05", 0)],
)  # fmt: skip
def test_hours_of_both_halves_of_a_day(text, hour):
    assert examinations(["报告时间"], [[text]])[0].reported.hour == hour


@pytest.mark.parametrize(
    "status",
    ["已作废", "作廢", "已撤销", "报告撤回", "无效", "void", "Cancelled", "canceled", "WITHDRAWN", "storniert",
     "ungültig", "已作废（未审核）", "anulado", "cancelado", "取消", "已审核 作废", "annulé", "entered-in-error"],
)  # fmt: skip
def test_a_status_that_makes_a_report_void(status):
    assert examinations(["报告状态"], [[status]])[0].void


@pytest.mark.parametrize(
    "status",
    ["", "已审核", "已审核 取消打印", "审核通过(已取消危急值)",
     "Final", "有效", "valid", "not cancelled", "未作废", "取消审核", "撤销签发", "审核撤回", "avoided"],
)  # fmt: skip
def test_a_status_that_does_not(status):
    found = examinations(["报告状态"], [[status]])[0]
    assert not found.void
    approved = status.startswith(("已审核", "审核通过"))
    assert found.final is False or "审核" not in status or approved  # taken back, it is a draft again
