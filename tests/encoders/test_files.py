"""The folder of a model: what is missing or too new is said, and hub names are looked up."""

import json
import shutil

import pytest
import torch
from safetensors import SafetensorError
from transformers import AutoModel

from selip_core import automodel  # noqa: F401, it registers the model
from selip_core.encoders.files import FORMAT_VERSION, find_model, read_model_config
from selip_core.encoders.model import SelipModel, build_model
from selip_core.errors import SelipError
from tests.helpers.data import SENTENCES, SHAPE

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tiny_model, tmp_path):
    return tiny_model.eval().save_pretrained(tmp_path / "model")


@pytest.fixture
def hub_cache(folder, tmp_path):
    """The cache that the hub's client would leave of a repository with one commit."""
    repository = tmp_path / "cache" / "models--a-hospital--selip"
    shutil.copytree(folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return tmp_path / "cache"


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, "3b"])
def test_a_newer_format_is_refused_with_what_to_do(folder, version):
    change(folder, format_version=version)
    with pytest.raises(SelipError, match=rf"format '?{version}'?, .* up to {FORMAT_VERSION}: a newer selip wrote it"):
        read_model_config(folder)


@pytest.mark.parametrize("load", [SelipModel.from_pretrained, AutoModel.from_pretrained])
def test_a_model_without_its_vocabulary_is_refused(folder, load):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(SelipError, match=r"knows 5 tokens, its text encoder \d\d: tokenizer.json"):
        load(folder)
    (folder / "tokenizer.json").write_text("[")
    with pytest.raises(SelipError, match="the tokenizer of .* cannot be read"):
        load(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer_config.json"])
def test_a_folder_that_lacks_a_file_is_no_model(folder, name):
    (folder / name).unlink()
    with pytest.raises(SelipError, match=f"{name} missing|the tokenizer missing"):
        read_model_config(folder)


def test_a_configuration_without_its_parts_is_named(folder):
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(SelipError, match="embedding_size, image_encoder, text_encoder, volume_shape missing"):
        SelipModel.from_pretrained(folder)
    (folder / "config.json").write_text("[")
    with pytest.raises(SelipError, match="not a JSON object"):
        SelipModel.from_pretrained(folder)


BROKEN = {
    "image_encoder": ["small", {}, {"name": "vit", "pooling": "located", "width": 8},
                      {"name": "small", "pooling": "max", "width": 8}, {"name": "small", "pooling": "located"},
                      *({"name": "small", "pooling": "located", "width": width} for width in (10**7, 12, -1, "8"))],
    "text_encoder": ["small", {}, *({"name": "small", "max_tokens": tokens} for tokens in (0, 49, 4096, "x"))],
    "volume_shape": [4, [4, 16], [10**6] * 3, [4096] * 3, [0, 16, 16], ["4", 16, 16]],
    "embedding_size": ["16", 10**12, 60_000, -4, 16.0],
    "text_encoder_config": ["bert", ["bert"], {"vocab_size": 5}, {"model_type": "gpt2"}, {"model_type": "none"},
                            {"model_type": "bert", "vocab_size": 10**10}, {"model_type": "bert", "hidden_size": 7}],
    "format_version": [0, -5],
}  # fmt: skip


@pytest.mark.parametrize("load", [SelipModel.from_pretrained, AutoModel.from_pretrained])
@pytest.mark.parametrize("key", BROKEN)
def test_a_configuration_of_which_no_model_can_be_made_is_a_message(folder, load, key):
    whole = (folder / "config.json").read_text(encoding="utf-8")
    for value in BROKEN[key]:
        (folder / "config.json").write_text(whole, encoding="utf-8")
        change(folder, **{key: value})
        with pytest.raises(SelipError, match="config.json|has format"):
            load(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_a_configuration_without_end_is_no_json(folder, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(SelipError, match="not a JSON object"):
        SelipModel.from_pretrained(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("load", [SelipModel.from_pretrained, AutoModel.from_pretrained])
def test_a_tokenizer_that_is_a_list_is_a_message(folder, load, name):
    (folder / name).write_text("[1]")
    with pytest.raises(SelipError, match="the tokenizer of .* cannot be read"):
        load(folder)


def test_a_name_too_long_for_a_folder_is_a_message():
    with pytest.raises(SelipError, match="is not a SeLIP model: no such folder"):
        SelipModel.from_pretrained("/" + "x" * 300)


def test_the_home_of_nobody_is_a_message():
    with pytest.raises(SelipError, match="~nosuch/x: there is no such home folder"):
        SelipModel.from_pretrained("~nosuch/x")


def test_cut_weights_are_a_message(folder):
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:500])
    with pytest.raises(SelipError, match="or is damaged"):
        SelipModel.from_pretrained(folder)


def test_a_hub_name_is_read_from_the_cache(folder, hub_cache):
    options = {"cache_dir": hub_cache, "local_files_only": True}
    model = SelipModel.from_pretrained("a-hospital/selip", **options)
    again = SelipModel.from_pretrained("a-hospital/selip", revision=COMMIT, **options)
    expected = SelipModel.from_pretrained(folder).encode_text(SENTENCES)
    assert torch.equal(model.encode_text(SENTENCES), expected) and torch.equal(again.encode_text(SENTENCES), expected)


def test_offline_a_hub_name_that_is_not_cached_says_so(hub_cache):
    with pytest.raises(SelipError, match=r"a-hospital/other is no folder here, and .* could not be fetched \("):
        SelipModel.from_pretrained("a-hospital/other", cache_dir=hub_cache, local_files_only=True)
    with pytest.raises(SelipError, match="a-hospital/selip is no folder here"):
        SelipModel.from_pretrained("a-hospital/selip", revision="v2", cache_dir=hub_cache, local_files_only=True)


def test_a_folder_comes_before_the_hub_and_a_path_never_goes_there(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    assert find_model(f"{tmp_path.name}/model") == (folder.relative_to(tmp_path.parent))
    with pytest.raises(SelipError, match="is not a SeLIP model: no such folder, and no name on the hub"):
        SelipModel.from_pretrained(folder / "nothing")
    with pytest.raises(SelipError, match="a-hospital/selip is not a SeLIP model: no such folder, and no name on the"):
        SelipModel.from_pretrained("a-hospital/selip/")


@pytest.mark.parametrize("name", ["gpu", "xpu:77"])
def test_a_device_that_is_not_there_is_a_message(folder, name):
    with pytest.raises(SelipError, match=f"device '{name}' cannot be used"):
        SelipModel.from_pretrained(folder, device=name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
def test_cuda_that_is_not_there_is_a_message(folder):
    with pytest.raises(SelipError, match="device 'cuda' cannot be used"):
        SelipModel.from_pretrained(folder, device="cuda")


def test_a_full_disk_is_a_message(tiny_model, tmp_path, monkeypatch):
    def full(*args, **options):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(SelipError, match="cannot write .*model.safetensors: No space left on device"):
        tiny_model.save_pretrained(tmp_path)


@pytest.mark.parametrize("load", [SelipModel.from_pretrained, AutoModel.from_pretrained])
def test_a_place_where_no_model_can_be_saved_is_a_message(folder, load, tmp_path):
    (tmp_path / "plain.txt").write_text("a file")
    for place in (tmp_path / "plain.txt", tmp_path / "plain.txt" / "model"):
        with pytest.raises(SelipError, match="cannot write .*plain.txt"):
            load(folder).save_pretrained(place)


def test_a_folder_of_format_2_has_three_blocks_and_no_templates(tmp_path):
    torch.manual_seed(0)
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8, "blocks": 3}, {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=SENTENCES,
    )  # fmt: skip
    folder = model.eval().save_pretrained(tmp_path)
    change(folder, format_version=2, image_encoder={"name": "small", "pooling": "located", "width": 8})
    volumes = torch.randn(2, 1, *SHAPE)
    for load in (SelipModel.from_pretrained, AutoModel.from_pretrained):
        assert torch.equal(load(folder).eval().encode_image(volumes), model.encode_image(volumes))


def test_a_file_is_no_model_and_called_a_file(tmp_path):
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(SelipError, match="model.safetensors is not a SeLIP model: it is a file, give the folder"):
        read_model_config(tmp_path / "model.safetensors")
