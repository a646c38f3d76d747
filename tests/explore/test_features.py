import numpy as np
import pytest
import torch

from selip_core.encoders.inference import encode_series
from selip_core.errors import SelipError
from selip_core.explore.features import cohort_features
from tests.helpers.explorer_files import make_explorer, make_model


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    return make_explorer(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def arguments(explorer, tmp_path):
    return explorer.cache, explorer.series["row"].to_numpy(), explorer.sentences, tmp_path / "store"


def test_the_features_are_those_of_the_model_of_unit_norm_and_in_the_order_asked_for(explorer, arguments, tmp_path):
    cache, rows, texts, store = arguments
    images, sentences = cohort_features(explorer.model, cache, rows[::-1], texts, store, progress=False)
    expected = encode_series(explorer.model, cache.volumes, rows)
    assert images[::-1] == pytest.approx(expected, abs=1e-6)
    with torch.inference_mode():
        assert sentences == pytest.approx(explorer.model.eval().encode_text(texts).numpy(), abs=1e-6)
    for features in (images, sentences):
        assert np.linalg.norm(features, axis=1) == pytest.approx(1, abs=1e-5)


def test_features_are_computed_once_for_a_model_and_a_cohort(explorer, arguments, monkeypatch):
    model, store = make_model(16), arguments[-1]
    before = cohort_features(model, *arguments, progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(model, "encode_image", lambda *_: pytest.fail("computed again"))
        again = cohort_features(model, *arguments, progress=False)
    assert all((a == b).all() for a, b in zip(before, again, strict=True))
    with torch.no_grad():
        model.image_projection.bias += 1
    other = cohort_features(model, *arguments, progress=False)
    assert not np.allclose(other[0], before[0]) and len(list(store.glob("*.npz"))) == 2


def test_features_are_computed_anew_for_another_configuration_and_by_other_code(arguments, monkeypatch):
    model, store = make_model(16), arguments[-1]
    cohort_features(model, *arguments, progress=False)
    model.config["text_encoder"] = {**model.config["text_encoder"], "max_tokens": 4}
    cohort_features(model, *arguments, progress=False)
    assert len(list(store.glob("*.npz"))) == 2
    monkeypatch.setattr("selip_core.encoders.inference.code_fingerprint", lambda *modules: "edited")
    cohort_features(model, *arguments, progress=False)
    assert len(list(store.glob("*.npz"))) == 3


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_file_that_was_cut_off_is_computed_anew(explorer, arguments, share):
    before = cohort_features(explorer.model, *arguments, progress=False)
    (path,) = arguments[-1].glob("*.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    again = cohort_features(explorer.model, *arguments, progress=False)
    assert all((a == b).all() for a, b in zip(before, again, strict=True))
    assert len(path.read_bytes()) == len(whole)


def test_a_store_that_cannot_be_written_is_named(explorer, arguments, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SelipError, match=r"cannot write .*file/store/features_"):
        cohort_features(explorer.model, *arguments[:-1], tmp_path / "file" / "store", progress=False)


def test_a_model_of_another_preprocessing_is_refused_and_one_of_the_same_is_not(explorer, arguments):
    cohort_features(explorer.model, *arguments, progress=False)
    with pytest.raises(SelipError, match=f"another.*{explorer.cache.preprocessing_fingerprint}"):
        cohort_features(make_model(8, preprocessing_fingerprint="another"), *arguments, progress=False)
