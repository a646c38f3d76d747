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
