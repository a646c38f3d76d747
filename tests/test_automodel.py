"""The Auto classes of transformers: the same model, bit by bit, without remote code."""

import inspect
import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel

from selip_core import automodel
from selip_core.encoders.dual import DualEncoder
from selip_core.encoders.model import SelipModel, build_model
from selip_core.errors import SelipError
from tests.helpers.data import PREPROCESSED, SENTENCES, SHAPE
from tests.helpers.explorer_files import write_head


@pytest.fixture(params=["small", "resnet50"])
def trained(request):
    torch.manual_seed(0)
    model = build_model(
        {"name": request.param, "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=SENTENCES,
        extra={"data_source": "a test"},
    )  # fmt: skip
    model.train()(torch.randn(2, 1, *SHAPE), SENTENCES[:2])  # batch norm counts
    return model.eval()


@torch.inference_mode()
def features(model):
    volumes = torch.randn(2, 1, *SHAPE, generator=torch.Generator().manual_seed(1))
    return torch.cat([model.encode_image(volumes), model.encode_text(SENTENCES)])


def same_weights(a, b):
    return a.state_dict().keys() == b.state_dict().keys() and all(
        torch.equal(tensor, b.state_dict()[name]) for name, tensor in a.state_dict().items()
    )


def test_auto_model_has_the_weights_and_features_of_the_model(trained, tmp_path):
    trained.save_pretrained(tmp_path)
    auto = AutoModel.from_pretrained(tmp_path)
    assert isinstance(auto, PreTrainedModel) and isinstance(auto, DualEncoder) and not auto.training
    assert same_weights(auto, trained)
    # weights mapped from the file lie otherwise in memory, which may round a sum otherwise
    assert torch.allclose(features(auto), features(SelipModel.from_pretrained(tmp_path)), atol=1e-6)
    assert auto.config["data_source"] == "a test" and auto.config.get("preprocessing") is None


def test_auto_model_takes_the_same_volumes_and_no_others(tiny_model, tmp_path):
    tiny_model.config |= PREPROCESSED
    auto = AutoModel.from_pretrained(tiny_model.save_pretrained(tmp_path / "model"))
    volume = auto.preprocess(write_head(tmp_path / "head.nii.gz"))
    assert torch.equal(volume, tiny_model.preprocess(tmp_path / "head.nii.gz")) and volume.shape == (1, *SHAPE)
    with pytest.raises(SelipError, match="model.preprocess"):
        auto.encode_image(torch.zeros(1, 1, 8, 16, 16))


def test_what_the_auto_model_saves_is_a_model_of_this_project(tiny_model, tmp_path):
    AutoModel.from_pretrained(tiny_model.eval().save_pretrained(tmp_path / "a")).save_pretrained(tmp_path / "b")
    again = SelipModel.from_pretrained(tmp_path / "b")
    assert again.config == tiny_model.config and same_weights(again, tiny_model)
    assert torch.allclose(features(AutoModel.from_pretrained(tmp_path / "b")), features(tiny_model), atol=1e-6)


def test_no_code_travels_with_the_model_and_its_parts_open_alone(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, automodel.SelipConfig) and config.embedding_size == 16
    assert not hasattr(config, "auto_map") and not list(tmp_path.glob("*.py"))
    tokens = AutoTokenizer.from_pretrained(tmp_path)(SENTENCES[0]).input_ids
    assert tokens == tiny_model.text_encoder.tokenizer(SENTENCES[0]).input_ids
    for name in ("nothing", "save_pretrained"):
        assert config.get(name, "default") == "default"
        with pytest.raises(KeyError):
            config[name]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_smaller_dtype_is_taken(tiny_model, tmp_path, dtype):
    tiny_model.eval().save_pretrained(tmp_path)
    auto = AutoModel.from_pretrained(tmp_path, dtype=dtype)
    assert auto.image_projection.weight.dtype == dtype
    assert torch.allclose(features(auto), features(tiny_model), atol=0.05)


def test_a_model_of_a_configuration_alone_says_that_it_has_no_tokenizer(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    auto = AutoModel.from_config(AutoConfig.from_pretrained(tmp_path))
    for use in (lambda: auto.encode_text(SENTENCES), lambda: auto.save_pretrained(tmp_path / "b")):
        with pytest.raises(SelipError, match="has no tokenizer: take one by"):
            use()
    auto.text_encoder.load_tokenizer(tmp_path)
    assert auto.encode_text(SENTENCES).shape == (3, 16)
    with pytest.raises(SelipError, match="image_encoder: Field required"):
        AutoModel.from_config(automodel.SelipConfig())


@pytest.mark.parametrize("option", [{"push_to_hub": True}, {"max_shard_size": "100KB"}, {"variant": "fp16"}])
def test_what_would_leave_half_a_model_is_refused_before_anything_is_written(tiny_model, tmp_path, option):
    auto = AutoModel.from_pretrained(tiny_model.save_pretrained(tmp_path / "a"))
    with pytest.raises(SelipError, match="upload_folder|one file"):
        auto.save_pretrained(tmp_path / "b", **option)
    assert not (tmp_path / "b").exists()


def test_what_push_to_hub_saves_by_is_taken(tiny_model, tmp_path):
    auto = AutoModel.from_pretrained(tiny_model.save_pretrained(tmp_path / "a"))
    size = inspect.signature(PreTrainedModel.push_to_hub).parameters["max_shard_size"].default
    assert same_weights(SelipModel.from_pretrained(auto.save_pretrained(tmp_path / "b", max_shard_size=size)), auto)


def test_missing_weights_and_a_newer_format_are_refused(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "format_version": 99}))
    with pytest.raises(SelipError, match="has format 99"):
        AutoModel.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    weights = load_file(tmp_path / "model.safetensors")
    del weights["image_projection.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(SelipError, match="image_projection.weight is missing"):
        AutoModel.from_pretrained(tmp_path)
