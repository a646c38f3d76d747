"""Which volumes a model takes: of its shape, preprocessed as those that it was trained on."""

import json

import pytest
import torch

from selip_core import preprocessing
from selip_core.encoders.inference import encode_texts
from selip_core.encoders.model import SelipModel, build_model, load_model
from selip_core.errors import SelipError
from tests.helpers.data import OPTIONS, PREPROCESSED, SENTENCES, SHAPE
from tests.helpers.explorer_files import write_head

OURS = PREPROCESSED["preprocessing_fingerprint"]


@pytest.fixture
def model(tiny_model):
    tiny_model.config |= PREPROCESSED
    return tiny_model.eval()


@pytest.fixture
def file(tmp_path):
    return write_head(tmp_path / "head.nii.gz")


def test_a_file_is_put_onto_the_grid_that_the_model_was_trained_on(model, file, tmp_path):
    expected = preprocessing.preprocess(file, **OPTIONS)
    again = SelipModel.from_pretrained(model.save_pretrained(tmp_path / "model"))  # tuples come back as lists
    for made in (model.preprocess(file), again.preprocess(str(file))):
        assert torch.equal(made, expected) and made.shape == (1, *SHAPE)
    assert again.encode_image(again.preprocess(file)[None]).shape == (1, 16)


@pytest.mark.parametrize("pooling", ["average", "located"])
@pytest.mark.parametrize("shape", [(8, 32, 32), (4, 16), (1, 1, 16, 48, 40), (2, 1, 4, 16, 15), (2, 2, *SHAPE)])
def test_volumes_of_another_shape_are_refused_with_what_to_do(pooling, shape):
    """With average pooling the encoder would take them, and the features be wrong."""
    model = build_model(
        {"name": "small", "pooling": pooling, "width": 8}, {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=SENTENCES,
    )  # fmt: skip
    for use in (model.encode_image, lambda volumes: model(volumes, SENTENCES)):
        with pytest.raises(SelipError) as error:
            use(torch.zeros(shape))
        for part in (str(shape), "(B, 1, 4, 16, 16)", "model.preprocess(path)[None]"):
            assert part in str(error.value)


def test_volumes_of_the_same_preprocessing_are_taken(model):
    model.check_preprocessing(OURS)
    model.check_preprocessing()


@pytest.mark.parametrize(
    "config, volumes, names",
    [
        ({}, "other", [OURS, "other"]),
        ({"preprocessing_fingerprint": "other"}, OURS, ["other", OURS]),
        ({"preprocessing_fingerprint": "other"}, "other", ["other", OURS]),  # both are of another version
        ({"preprocessing_fingerprint": "other"}, None, ["other", OURS]),
        ({"preprocessing_fingerprint": None}, None, ["None", OURS]),
        ({"preprocessing": None}, OURS, [OURS, "does not say its settings"]),
        ({"preprocessing": {}}, None, [OURS, "does not say its settings"]),
        ({"preprocessing": {**OPTIONS, "shape": (4, 16, 8)}}, OURS, [OURS, "does not say"]),
    ],
)
def test_another_preprocessing_is_refused_with_both_fingerprints_and_what_to_do(model, file, config, volumes, names):
    model.config |= config
    if "shape" in (config.get("preprocessing") or {}):
        names = [OURS, preprocessing.fingerprint(config["preprocessing"])]
    with pytest.raises(SelipError) as error:
        model.check_preprocessing(volumes)
    for part in (*names, "04_pretraining", "01_data_curation"):
        assert part in str(error.value)
    if volumes in (None, OURS):
        with pytest.raises(SelipError, match="was trained with preprocessing"):
            model.preprocess(file)


def test_a_model_that_is_loaded_for_other_volumes_is_refused_by_its_name(model, tmp_path):
    folder = model.save_pretrained(tmp_path / "model")
    assert load_model(folder, OURS, device="cpu").config["embedding_size"] == 16
    with pytest.raises(SelipError, match=f"/model: .* trained with preprocessing {OURS}, these volumes have q"):
        load_model(folder, "q", device=torch.device("cpu"))


@pytest.mark.parametrize("value", [[], "4", {"shape": [4, 16, 16]}, {**OPTIONS, "spacing_mm": "8"}])
def test_settings_that_are_none_are_found_when_the_model_is_loaded(model, tmp_path, value):
    folder = model.save_pretrained(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "preprocessing": value}), encoding="utf-8")
    with pytest.raises(SelipError, match="config.json does not describe a SeLIP model: preprocessing"):
        SelipModel.from_pretrained(folder)


def test_nothing_has_no_features(model):
    for made in (model.encode_text([]), model.encode_studies([]), model.encode_reports([])):
        assert made.shape == (0, 16) and made.dtype == torch.float32
    assert encode_texts(model, []).shape == (0, 16)


@pytest.mark.parametrize("use", ["encode_text", "encode_texts"])
@pytest.mark.parametrize(
    ("texts", "said"),
    [(SENTENCES[0], "a list of sentences, not one sentence"), ([SENTENCES[0], float("nan")], "sentences, not float")],
)
def test_one_sentence_or_an_empty_cell_is_no_list_of_texts(model, use, texts, said):
    with pytest.raises(SelipError, match=said):
        model.encode_text(texts) if use == "encode_text" else encode_texts(model, texts)


def test_what_are_no_studies_or_reports_is_told(model):
    volume = torch.zeros(1, *SHAPE)
    for wrong in ({"T1": volume}, [volume], "T1"):
        with pytest.raises(SelipError, match="each study must be a mapping {sequence: volume}, and several of them a"):
            model.encode_studies(wrong)
    for wrong in ({"T1": SENTENCES[0]}, SENTENCES):
        with pytest.raises(SelipError, match="each report must be a mapping {sequence: sentence}"):
            model.encode_reports(wrong)
    with pytest.raises(SelipError, match="texts must be sentences, not float"):
        model.encode_reports([{"T1": float("nan")}])
    for wrong in ("t1.nii.gz", volume.numpy()):
        with pytest.raises(SelipError, match=r"a study's volumes must be tensors .* not \w+: model.preprocess\(path\)"):
            model.encode_study({"T1": volume, "DWI": wrong})
        with pytest.raises(SelipError, match=r"volumes must be a tensor .* not \w+: model.preprocess\(path\)"):
            model.encode_image(wrong)
