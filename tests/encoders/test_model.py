import json

import pytest
import torch
from transformers import ErnieConfig, ErnieModel

from selip_core.encoders import text as text_encoders
from selip_core.encoders.files import FORMAT_VERSION
from selip_core.encoders.model import SelipModel, build_model
from selip_core.encoders.text import character_tokenizer, hub_bert
from selip_core.errors import SelipError
from selip_core.preprocessing import fingerprint
from tests.helpers.data import SENTENCES, SHAPE
from tests.helpers.places import TESTS


def test_features_have_unit_norm(tiny_model, device):
    model = tiny_model.to(device)
    image, text, scale = model(torch.randn(3, 1, *SHAPE), SENTENCES)
    assert image.shape == text.shape == (3, 16)
    assert torch.allclose(image.norm(dim=1), torch.ones(3, device=device), atol=1e-5)
    assert torch.allclose(text.norm(dim=1), torch.ones(3, device=device), atol=1e-5)
    assert scale.item() == pytest.approx(1 / 0.07, rel=1e-5)


def test_padding_to_a_longer_text_does_not_change_the_features(tiny_model):
    """Nor their gradients; a text alone, beside a long one, and padded to all that the encoder takes."""
    model, short = tiny_model.eval(), SENTENCES[1]
    lengths, features, gradients = [], [], []
    for beside in ([], [SENTENCES[2]], [SENTENCES[2] * 9]):
        texts = [short, *beside]
        lengths.append(model.text_encoder.tokenize(texts)["input_ids"].shape[1])
        model.zero_grad()
        features.append(model.encode_text(texts)[0])
        features[-1][0].backward()
        gradients.append(model.text_encoder.bert.embeddings.word_embeddings.weight.grad.clone())
    assert lengths[0] < lengths[1] < lengths[2] == 48
    for padded, gradient in zip(features[1:], gradients[1:], strict=True):
        assert torch.allclose(padded, features[0], atol=1e-6)
        assert torch.allclose(gradient, gradients[0], atol=1e-6)


@pytest.mark.parametrize("parameter, expected", [(10.0, 100.0), (-3.0, 1.0)])
def test_logit_scale_is_clamped(tiny_model, parameter, expected):
    with torch.no_grad():
        tiny_model.log_logit_scale.fill_(parameter)
    assert tiny_model.logit_scale.item() == expected


def test_saved_model_comes_back_bit_equal_without_a_word(tiny_model, tmp_path, caplog, capfd):
    volumes = torch.randn(2, 1, *SHAPE)
    tiny_model.eval().save_pretrained(tmp_path)
    again = SelipModel.from_pretrained(tmp_path)
    assert caplog.text == "" and capfd.readouterr() == ("", "")
    assert torch.equal(again.encode_image(volumes), tiny_model.encode_image(volumes))
    assert torch.equal(again.encode_text(SENTENCES), tiny_model.encode_text(SENTENCES))
    assert again.config["data_source"] == "a test"
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(SelipError, match=r"is not a SeLIP model: config.json, model.safetensors"):
        SelipModel.from_pretrained(tmp_path)


def test_weights_that_do_not_fit_are_refused(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "embedding_size": 8}), encoding="utf-8")
    with pytest.raises(SelipError, match="does not fit"):
        SelipModel.from_pretrained(tmp_path)


def test_character_tokenizer_has_one_token_a_chinese_character():
    tokenizer = character_tokenizer(["在左侧额叶，T1呈"])
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("左侧，T1").input_ids)
    assert tokens == ["[CLS]", "左", "侧", "，", "t1", "[SEP]"]


def test_a_local_bert_folder_is_loaded_like_a_hub_name(tiny_model, tmp_path):
    tiny_model.text_encoder.tokenizer.save_pretrained(tmp_path)
    tiny_model.text_encoder.bert.save_pretrained(tmp_path)
    tokenizer, bert = hub_bert(str(tmp_path))
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8}, {"name": str(tmp_path), "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=[],
    )  # fmt: skip
    expected = tiny_model.text_encoder.eval()(SENTENCES)
    assert torch.allclose(model.text_encoder.eval()(SENTENCES), expected, atol=1e-6)
    assert len(tokenizer) == bert.config.vocab_size
    again = SelipModel.from_pretrained(model.eval().save_pretrained(tmp_path / "saved"))
    assert torch.equal(again.encode_text(SENTENCES), model.encode_text(SENTENCES))
    assert str(tmp_path.parent) not in (tmp_path / "saved" / "config.json").read_text(encoding="utf-8")


def test_a_missing_hub_model_says_what_to_do(tmp_path):
    with pytest.raises(SelipError, match="could not be loaded"):
        hub_bert(str(tmp_path / "nothing"))


def test_a_text_encoder_that_is_no_bert_is_refused_before_training(tiny_model, tmp_path):
    config = ErnieConfig(vocab_size=64, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    ErnieModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    tiny_model.text_encoder.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(SelipError, match="is of type ernie, only BERTs"):
        hub_bert(str(tmp_path))


@pytest.mark.parametrize("name", ["small", "resnet50"])
def test_every_encoder_comes_back_bit_equal_its_running_statistics_too(name, tmp_path):
    torch.manual_seed(0)
    model = build_model(
        {"name": name, "pooling": "attention", "width": 8}, {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=SENTENCES,
    )  # fmt: skip
    volumes = torch.randn(2, 1, *SHAPE)
    model.train()(volumes, SENTENCES[:2])  # batch norm counts
    model.eval().save_pretrained(tmp_path)
    again = SelipModel.from_pretrained(str(tmp_path))
    assert again.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(again.state_dict()[key], tensor) for key, tensor in model.state_dict().items())
    assert torch.equal(again.encode_image(volumes), model.encode_image(volumes))


def test_a_checkpoint_of_an_earlier_version_gives_the_features_that_it_gave_then():
    folder = TESTS / "earlier_checkpoint"  # made by commit a70b2e5
    then = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    volumes = torch.arange(2 * 4 * 16 * 16, dtype=torch.float64).sin().float().reshape(2, 1, *SHAPE)
    model = SelipModel.from_pretrained(folder)
    with torch.inference_mode():
        image, text, scale = model(volumes, then["texts"])
    assert torch.allclose(image, torch.tensor(then["image_features"]), atol=1e-5)
    assert torch.allclose(text, torch.tensor(then["text_features"]), atol=1e-5)
    assert scale.item() == pytest.approx(then["logit_scale"])
    assert fingerprint(model.config["preprocessing"]) == model.config["preprocessing_fingerprint"]


def test_an_earlier_checkpoint_saved_again_has_the_format_of_today(tmp_path):
    model = SelipModel.from_pretrained(TESTS / "earlier_checkpoint")
    again = SelipModel.from_pretrained(model.save_pretrained(tmp_path))
    written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert written["format_version"] == FORMAT_VERSION and written["model_type"] == "selip"
    assert again.config == model.config and torch.equal(again.encode_text(SENTENCES), model.encode_text(SENTENCES))


def padded_by_the_tokenizer(encoder, texts):
    found = encoder.tokenizer(texts, padding=True, truncation=True, max_length=encoder.max_tokens, return_tensors="pt")
    return {key: found[key] for key in ("input_ids", "attention_mask")}


@pytest.mark.parametrize("remembered", [1, 2**16])
def test_remembered_tokens_are_those_of_the_tokenizer(tiny_model, monkeypatch, remembered):
    monkeypatch.setattr(text_encoders, "REMEMBERED_TEXTS", remembered)
    encoder = tiny_model.text_encoder
    short, middle, long = SENTENCES[1], SENTENCES[2], SENTENCES[2] * 9
    for texts in ([middle], [short, middle, short], [long, "", short], [middle, long], [short]):
        found = encoder.tokenize(texts)
        for key, expected in padded_by_the_tokenizer(encoder, texts).items():
            assert torch.equal(found[key], expected) and found[key].dtype == expected.dtype


def test_a_text_is_tokenised_once(tiny_model, monkeypatch):
    encoder, seen = tiny_model.text_encoder, []
    tokenizer = encoder.tokenizer
    monkeypatch.setattr(encoder, "tokenizer", Recorder(tokenizer, seen))
    for texts in ([SENTENCES[0], SENTENCES[1]], [SENTENCES[1], SENTENCES[2], SENTENCES[0]]):
        encoder.tokenize(texts)
    assert seen == [SENTENCES[0], SENTENCES[1], SENTENCES[2]]


class Recorder:
    """A tokenizer that notes what it is given."""

    def __init__(self, tokenizer, seen):
        self.tokenizer, self.seen, self.pad_token_id = tokenizer, seen, tokenizer.pad_token_id

    def __call__(self, texts, **options):
        self.seen += texts
        return self.tokenizer(texts, **options)
