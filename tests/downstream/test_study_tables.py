import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.study_retrieval import DIRECTIONS, FINDINGS_RECALL, LEARNED, MEAN, MEASURES, alone, without
from selip_core.downstream.study_tables import (
    BEST_SINGLE,
    COMPARISONS,
    best_single_series,
    missing_table,
    study_difference_table,
    study_table,
)

DRAWING = {"samples": 200, "seed": 0}


def queries_of(ways, n=40, seeds=(0, 1)):
    """Return queries of one method whose hits come first: ``ways`` is fusion to how many of `n` are found."""
    rows = [
        {"method": "CLIP", "seed": seed, "fusion": fusion, "direction": DIRECTIONS[0], "query": query,
         "patient_id": f"p{query}", "gallery": 100, "recall@10": float(query < hits),
         FINDINGS_RECALL: float(query < hits), "findings MRR": 1.0 if query < hits else 0.01}
        for fusion, hits in ways.items() for seed in seeds for query in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=[*list(rows[0])[:7], *MEASURES])


WAYS = {
    LEARNED: 30, MEAN: 24, alone("T1", MEAN): 10, alone("T2", MEAN): 20, alone("T2", LEARNED): 22,
    without("T2", LEARNED): 26, without("T2", MEAN): 24,
}  # fmt: skip


def test_the_best_single_series_is_the_one_that_does_best_on_the_studies_given():
    assert best_single_series(queries_of(WAYS)) == {"CLIP": alone("T2", LEARNED)}
    assert best_single_series(queries_of({LEARNED: 3})) == {}


def test_the_table_has_both_fusions_and_the_best_single_series():
    table = study_table(queries_of(WAYS), {"CLIP": alone("T2", MEAN)}, **DRAWING)
    found = table[table["measure"] == FINDINGS_RECALL].set_index("fusion")
    assert found["value"].to_dict() == pytest.approx({LEARNED: 0.75, MEAN: 0.6, BEST_SINGLE: 0.5})
    assert found.loc[BEST_SINGLE, "series"] == alone("T2", MEAN) and (found["low"] < found["value"]).all()


def test_differences_are_paired_on_the_studies_that_have_the_series():
    queries = queries_of(WAYS)
    single = alone("T2", MEAN)
    queries = queries[(queries["fusion"] != single) | (queries["query"] >= 10)]  # ten hits have no T2
    table = study_difference_table(queries, {"CLIP": single}, **DRAWING)
    found = table[table["measure"] == FINDINGS_RECALL].set_index("comparison")
    assert set(found.index) == set(COMPARISONS)
    assert found.loc[f"{LEARNED} − {MEAN}", "difference"] == pytest.approx(6 / 40)
    assert found.loc[f"{LEARNED} − {BEST_SINGLE}", "difference"] == pytest.approx(10 / 30)
    assert found.loc[f"{LEARNED} − {BEST_SINGLE}", ["first", "second"]].tolist() == pytest.approx([10 / 30, 20 / 30])
    assert found["low"].min() > 0 or found["p_holm"].notna().all()
    assert found["queries"].tolist() == [40, 30, 30]


def test_what_a_missing_sequence_costs():
    found = missing_table(queries_of(WAYS), **DRAWING).set_index("fusion")
    assert found["sequence"].tolist() == ["T2", "T2"]
    assert found.loc[LEARNED, "difference"] == pytest.approx(-0.1) and found.loc[MEAN, "difference"] == 0
    assert found.loc[LEARNED, ["first", "second"]].tolist() == pytest.approx([0.75, 0.65])


def test_nothing_gives_empty_tables_with_their_columns():
    empty = queries_of(WAYS)[:0]
    assert best_single_series(empty) == {}
    for table in (study_table(empty, {}, **DRAWING), missing_table(empty, **DRAWING)):
        assert table.empty and {"method", "fusion", "low"} <= set(table)
    assert study_difference_table(empty, {}, **DRAWING).empty
    assert np.isnan(study_difference_table(empty, {}, **DRAWING)["p_holm"]).all()
