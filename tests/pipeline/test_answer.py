"""The answer as `09_summary` has written it: read where it is whole, and none where it is not."""

import pandas as pd
import pytest

from selip_core.pipeline.answer import read_answer_in


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "answer.md").write_text("On a test, CLIP reads the image.\n\nNothing else.\n", encoding="utf-8")
    rows = [("findings recall@10", "CLIP", 0.4, 0.3, 0.5, 93, "a test")]
    columns = ["outcome", "method", "value", "low", "high", "n", "data_source"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "tables" / "answer.csv", index=False)
    return tmp_path


def test_sentences_and_table_are_read(folder):
    found = read_answer_in(folder)
    assert found.sentences == ["On a test, CLIP reads the image.", "Nothing else."]
    (outcome, cells), place = found.rows[0], found.heads.index("CLIP") - 1
    assert outcome == "findings recall@10" and cells[place] == ("0.400", "0.300 to 0.500")
    assert found.data == "Data: a test." and found.folder == folder


@pytest.mark.parametrize("missing", ["answer.md", "tables/answer.csv"])
def test_a_summary_of_an_earlier_version_has_no_answer(folder, missing):
    (folder / missing).unlink()
    assert read_answer_in(folder) is None
