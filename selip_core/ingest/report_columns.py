"""What the columns of a report export are called, and which of them are used, dropped or unclear."""

import unicodedata

from selip_core.errors import SelipError

NAMES = {
    "patient_id": (
        ("病人ID", "患者ID", "病人编号", "患者编号", "病人号", "患者号", "patient id", "patient identifier"),
        ("病历号", "病案号", "登记号", "mrn", "medical record number"),
        ("住院号", "门诊号", "住院号/门诊号", "门诊号/住院号"),
    ),
    "study_id": (
        ("检查号", "检查编号", "检查ID", "检查流水号", "accession number", "accession no", "accession", "study id",
         "exam id"),
        ("影像号", "放射号", "影像编号", "study uid", "study instance uid"),
    ),
    "findings": (
        ("检查所见", "影像所见", "影像学所见", "影像表现", "影像学表现", "影像描述", "检查描述", "报告描述", "所见",
         "findings", "finding", "report findings"),
    ),
    "impression": (
        ("诊断意见", "影像诊断", "影像学诊断", "诊断结论", "检查结论", "诊断印象", "印象", "结论", "impression",
         "impressions", "conclusion", "conclusions"),
    ),
}  # fmt: skip
"""Names of each column used, in steps: a name of a later step counts where none of an earlier one is there, since
an export often holds several numbers of a patient. Two names of one step are unclear."""

IDENTIFIERS = (
    "姓名", "名字", "name", "first name", "last name", "full name", "出生日期", "出生年月", "生日", "birth date",
    "date of birth", "birthday", "dob", "身份证", "证件号", "证件号码", "医保号", "医保卡号", "社保号", "电话", "手机",
    "手机号", "联系方式", "phone", "telephone", "mobile", "地址", "住址", "address", "邮箱", "email", "工作单位",
    "联系人", "床号", "报告人", "报告者", "审核人", "审核者", "书写人", "记录者", "id card", "ssn",
    "physician", "radiologist", "doctor", "technician", "reported by", "verified by",
)  # fmt: skip
"""Columns that tell who somebody is: never kept, their values removed from the texts of their row."""

IDENTIFIER_PARTS = (
    "姓名", "医生", "医师", "技师", "身份证", "电话", "手机", "地址", "住址", "住院号", "门诊号", "patientname",
    "patientsname", "birth", "出生", "phone", "physician", "radiologist", "address", "accession",
)  # fmt: skip
"""A column is one of these as well if its name holds such a part (报告医生, referring physician)."""

HARMLESS = (
    "性别", "sex", "gender", "年龄", "年龄单位", "age", "age unit", "modality", "设备", "设备型号", "设备名称",
    "检查设备", "机器", "机型", "机房", "检查室", "device", "scanner", "station", "manufacturer", "body part",
    "body part examined", "study description", "exam description", "检查名称", "protocol", "procedure", "technique",
    "检查技术", "sequence", "history", "clinical history", "indication", "reason", "申请目的", "检查目的",
    "检查要求", "主诉", "病情描述", "症状", "体征", "diagnosis", "clinical diagnosis", "comparison", "建议",
    "recommendation", "department", "科别", "病区", "ward", "院区", "status", "序号", "行号", "no", "index", "row",
    "阴阳性", "阳性", "是否阳性", "危急值", "是否增强", "增强", "急诊", "label", "标签",
)  # fmt: skip
"""Unused columns that tell nobody's identity."""

HARMLESS_ENDINGS = (
    "日期", "时间", "date", "time", "部位", "性别", "年龄", "科室", "病史", "序列", "项目", "方法", "类型", "类别",
    "状态", "费用", "诊断", "diagnosis",
)  # fmt: skip
"""An unused column is harmless as well if its name ends so (检查日期, 申请科室); 诊断人 does not."""

OPTION = "name it with --columns {role}=NAME, or columns={{{role!r}: NAME}} in Python"


def bare(name: str) -> str:
    """Return a column's name without what is not compared: case, width, white space and punctuation."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


_STEPS = {role: [{bare(name) for name in step} for step in steps] for role, steps in NAMES.items()}
_IDENTIFIERS = {bare(name) for name in IDENTIFIERS}
_HARMLESS = {bare(name) for name in HARMLESS}.union(*_STEPS["findings"], *_STEPS["impression"])


def map_columns(header: list[str], given: dict[str, str], where: str) -> dict[str, int]:
    """Return the position of each column that is used: findings, an id or both, and impression if there is one.

    Parameters
    ----------
    header : list of str
    given : dict
        Names that the user gave, by what the column is.
    where : str
        The file, for messages.

    Raises
    ------
    SelipError
        If a column is missing or unclear; lists the columns and says how to name one.
    """
    unknown = set(given) - set(NAMES)
    if unknown:
        raise SelipError(f"{sorted(unknown)[0]!r} is no column of a report; name some of {', '.join(NAMES)}")
    names = [bare(name) for name in header]
    found: dict[str, int] = {}
    for role, steps in _STEPS.items():
        wanted = [{bare(given[role])}] if role in given else steps
        hits = next((h for step in wanted if (h := [i for i, name in enumerate(names) if name in step])), [])
        if role in given and not hits:
            raise SelipError(f"{where} has no column {given[role]!r}; it has {_listed(header)}")
        if len(hits) > 1:
            unclear = " and ".join(header[i].strip() for i in hits)
            raise SelipError(f"{where}: {unclear} could each be {role}; {OPTION.format(role=role)}")
        if hits:
            found[role] = hits[0]
    missing = [role for role in ("findings",) if role not in found]
    if "patient_id" not in found and "study_id" not in found:
        missing.append("study_id")
    if missing:
        raise SelipError(
            f"{where} has no column known as {' or '.join(missing)}; it has {_listed(header)}; "
            + OPTION.format(role=missing[0])
        )
    return found


def identifier_columns(header: list[str], used: dict[str, int]) -> list[int]:
    """Return the positions of the columns that tell who somebody is, the ids that are used among them."""
    ids = set().union(*(step for role in ("patient_id", "study_id") for step in _STEPS[role]))
    texts = {used.get("findings"), used.get("impression")}
    used_ids = {used.get("patient_id"), used.get("study_id")}
    return [
        i
        for i, name in enumerate(map(bare, header))
        if i not in texts
        and (i in used_ids or name in ids | _IDENTIFIERS or any(bare(part) in name for part in IDENTIFIER_PARTS))
    ]


def unknown_columns(header: list[str], used: dict[str, int]) -> list[int]:
    """Return the positions of the columns that are neither used nor known: 患者, Pt Name may be persons."""
    passed_over = {*used.values(), *identifier_columns(header, used)}
    return [
        i
        for i, name in enumerate(map(bare, header))
        if i not in passed_over and name not in _HARMLESS and not name.endswith(HARMLESS_ENDINGS)
    ]


def n_known(header: list[str]) -> int:
    """Return how many columns have a name that is known here."""
    known = _IDENTIFIERS.union(*(step for steps in _STEPS.values() for step in steps))
    return sum(bare(name) in known for name in header)


def _listed(header: list[str]) -> str:
    """Return the names of the columns; not the cells of a first row that may be a patient's."""
    if not n_known(header):
        return f"{len(header)} columns, none of a known name (is its first row a header?)"
    return ", ".join(name.strip() for name in header if name.strip())
