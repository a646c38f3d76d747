import numpy as np
import pandas as pd

from selip_core.datasets.pairs import make_pairs

INDEX = pd.DataFrame({
    "row": [2, 0, 1], "patient_id": ["a", "b", "a"], "study_id": ["a", "b", "a"], "sequence": ["T1", "T1", "T2"],
})  # fmt: skip
SENTENCES = pd.DataFrame({"study_id": ["a", "b"], "sequence": ["T1", "T1"], "sentence": ["在脑桥表现为长信号", "x"]})


def test_a_series_without_a_sentence_is_left_out():
    volumes = np.arange(3, dtype=np.float16).reshape(3, 1, 1, 1, 1)
    pairs = make_pairs(volumes, INDEX, SENTENCES, {"a"})
    assert len(pairs) == 1 and pairs.texts == ["在脑桥表现为长信号"] and pairs.sequences == ["T1"]
    assert pairs.load(np.array([0])).flatten().tolist() == [2.0]


def test_loaded_volumes_are_a_copy_in_float32():
    volumes = np.ones((3, 1, 1, 1, 1), np.float32)
    pairs = make_pairs(volumes, INDEX, SENTENCES, {"a", "b"})
    pairs.load(np.array([0])).zero_()
    assert volumes.sum() == 3
