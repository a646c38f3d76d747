import pytest

from selip_core.ingest.comparable import comparable
from selip_core.ingest.numbers import numbers
from selip_core.ingest.person_words import with_holes


def _left(text):
    return with_holes(text, numbers(comparable(text)))[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("住院号:0012345 检查号:MR20240102", "住院号:＊＊ 检查号:＊＊"),
        ("病歷號：A123456789", "病歷號：＊＊"),
        ("MRN 12345678 DOB: 04/12/1970", "MRN ＊＊ DOB: ＊＊"),
        ("出生日期：1970年4月12日", "出生日期：＊＊"),
        ("geb. 12.04.1970, links", "geb. ＊＊, links"),
        ("née le 12/04/1970", "née le ＊＊"),
        ("身分證字號A123456789 電話0912-345-678", "身分證字號＊＊ 電話＊＊"),
        ("HKID A123456(7)", "HKID ＊＊"),
        ("800101-1234567", "＊＊"),
        ("CPF 123.456.789-09", "CPF ＊＊"),
        ("SSN 123-45-6789", "SSN ＊＊"),
        ("fecha de nacimiento: 12 de abril de 1970", "fecha de nacimiento: ＊＊"),
        ("geb. 12. April 1970", "geb. ＊＊"),
        ("DNI 12345678Z", "DNI ＊＊"),
        ("call (555) 123-4567.", "call ＊＊."),
        ("john.smith@hosp.org", "＊＊"),
        ("Accession: 12345678", "Accession: ＊＊"),
        ("放診專醫字第001234號", "放診專醫字第＊＊號"),
        ("患者番号：0012345", "患者番号：＊＊"),
        ("등록번호: 12345678", "등록번호: ＊＊"),
        ("报告号RP20240001", "报告号＊＊"),
        ("检查号：MR12345-T2WI高信号", "检查号：＊＊-T2WI高信号"),
        ("检查号：MR12345T2WI高信号", "检查号：＊＊T2WI高信号"),
        ("MRN 12345678/FLAIR hyperintensity", "MRN ＊＊/FLAIR hyperintensity"),
        ("检查号：MR12345-T2A", "检查号：＊＊"),
        ("電話：(02)2345-6789", "電話：＊＊"),
        ("Tel. 0171/1234567", "Tel. ＊＊"),
        ("Carlos Lima - CRM 12345", "Carlos Lima - CRM ＊＊"),
        ("DN: 12/04/1970, Cel.: (11) 98765-4321", "DN: ＊＊, Cel.: ＊＊"),
        ("检查号：A12T2", "检查号：＊＊"),
    ],
)
def test_numbers_of_persons_go(text, left):
    assert _left(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "size 2.5-3.5 cm",
        "TR/TE 500-10-1000",
        "report no 1234 lesions",
        "chart no 12-34 mm",
        "series 12345",
        "DN 12/04",
        "tel 0.5 mm",
        "b=1000, TE 90-120-2000",
        "2024-01-02 10:15",
        "1.5T 0-100-2000",
        "检查所见：左侧额叶",
        "Compared with the study of 12.04.2023",
        "10-12-1400",
        "床号 12",
        "Exam of 2024",
        "phone 12 34",
        "age 53",
        "T1 2000/15",
        "ID 7",
        "报告2份",
        "born at 32 weeks",
        "DWI b 0/500/1000",
        "住院检查3次",
    ],
)
def test_measures_and_days_of_examinations_stay(text):
    assert _left(text) == text
