import json

import pytest
import torch

from selip_core.encoders import SelipModel
from selip_core.export import main
from tests.conftest import SENTENCES, SHAPE


@pytest.fixture
def results(tiny_model, tmp_path):
    tiny_model.config |= {"data_source": "user cohort mine", "preprocessing_fingerprint": "abc123"}
    tiny_model.save_pretrained(tmp_path / "results/04_pretraining/models/SeLIP_seed0/best")
    (tmp_path / "results/05_retrieval").mkdir()
    metric = {
        "value": 0.25,
        "low": 0.2,
        "high": 0.3,
        "n": 12,
        "unit": "",
        "headline": True,
        "data_source": "user cohort mine",
    }
    metrics = {"SeLIP_recall_at_10": metric, "CLIP_recall_at_10": {**metric, "value": 0.11}}
    (tmp_path / "results/05_retrieval/metrics.json").write_text(json.dumps({"metrics": metrics}))
    return tmp_path / "results"


def test_a_model_leaves_with_its_card_and_comes_back_bit_equal(results, tiny_model, tmp_path):
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "| recall at 10 | 0.250 | 0.200 to 0.300 | 12 | user cohort mine |" in card and "0.110" not in card
    assert "Not a medical device" in card and "abc123" in card and "synthetic" not in card
    again = SelipModel.from_pretrained(tmp_path / "mine")
    for name, tensor in tiny_model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    with torch.inference_mode():
        volumes = torch.rand(2, 1, *SHAPE)
        assert torch.equal(again.encode_image(volumes), tiny_model.eval().encode_image(volumes))
        assert torch.equal(again.encode_text(SENTENCES), tiny_model.encode_text(SENTENCES))


def test_a_model_of_synthetic_data_says_so_first(results, tmp_path):
    path = results / "04_pretraining/models/SeLIP_seed0/best/config.json"
    path.write_text(path.read_text().replace("user cohort mine", "embedded synthetic cohort"))
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    assert "images and reports are synthetic" in (tmp_path / "mine/README.md").read_text(encoding="utf-8")


def test_what_is_wrong_is_one_line_and_nothing_is_overwritten(results, tmp_path, capsys):
    assert main([str(results), "CLIP", "0", "--out", str(tmp_path / "x")]) == 1
    assert "has SeLIP_seed0" in capsys.readouterr().err
    (tmp_path / "there").mkdir()
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "there")]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert main([str(results), "BERT", "0", "--out", str(tmp_path / "x")]) == 2
    assert not (tmp_path / "x").exists()
