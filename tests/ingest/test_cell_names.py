import pytest

from selip_core.ingest.cell_names import within


@pytest.mark.parametrize(
    "value",
    [
        "王小明/男/53岁",
        "王小明 53岁",
        "王小明_MR20240102",
        "王小明男53岁",
        "王小明0123",
        "D0123 王小明",
        "王小明 2024-01-02 10:15",
        "王小明（女）",
        "王小明2",
        "王小明，李建国",
    ],
)
def test_a_chinese_name_beside_numbers_is_found(value):
    assert "王小明" in within(value)


@pytest.mark.parametrize(
    "value", ["SMITH, JOHN 04/12/1970", "SMITH, JOHN A, MD #4411", "John Smith 53 yo", "Smith^John"]
)
def test_a_latin_name_beside_numbers_is_found_part_by_part(value):
    assert {"smith", "john"} <= {name.casefold() for name in within(value)}


@pytest.mark.parametrize(
    "value",
    [
        "MR12",
        "Room 12",
        "3T MRI",
        "Brain MRI 203",
        "3号机房",
        "53岁",
        "Head Coil 320",
        "T2 FLAIR",
        "CT0012345",
        "车祸3小时",
        "高场3.0T",
        "",
        "不详",
        "放射科 3",
        "Left Frontal 300",
    ],
)
def test_what_is_no_name_beside_numbers_is_none(value):
    assert within(value) == set()


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("赵铁柱主任医师", {"赵铁柱"}), ("王小明_男", {"王小明"}), ("王小明-李建国", {"王小明", "李建国"}),
        ("放射科王小明", {"王小明"}), ("主任医师王小明", {"王小明"}), ("王小明→欧阳晓燕", {"王小明", "欧阳晓燕"}),
        ("王芳_女", {"王芳"}),
        ("报告:王小明 审核:李建国", {"王小明", "李建国"}), ("佐々木 花子", {"佐々木", "花子"}),
        ("김철수(M/45)", {"김철수"}),
        ("김철수/남/45세", {"김철수"}),
    ],
)  # fmt: skip
def test_of_a_cell_of_several_parts_each_name_is_found(value, names):
    assert names <= within(value)


@pytest.mark.parametrize(
    "value",
    ["高信号-低信号", "金标准-明确", "放射科", "神经内科-主任医师", "左侧-右侧", "头颅平扫_增强", "急诊_男", "T1-T2",
     "胶质瘤医生诊断", "전두엽 3cm",
     "좌측 F/U", "두통 / M", "뇌종양 (M/45)",
     "고신호", "전두엽, 측두엽", "脑梗死-陈旧", "男_阳性", "病灶-单发", "包膜-金属"],
)  # fmt: skip
def test_words_between_signs_are_no_names(value):
    assert within(value) == set()
