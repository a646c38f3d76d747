import pandas as pd
import torch

from selip_core.config import ImageEncoderSettings, get_settings
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.downstream.external_pretraining import fold_pairs, pretrained_on_codes, sentences_of_codes
from selip_core.encoders.model import load_model
from tests.helpers.data import OPTIONS, PREPROCESSED, SHAPE

LOBES = ["frontal lobe", "temporal lobe", "parietal lobe"]


def made(n=24):
    patients = [f"TCGA-CS-{4900 + i}" for i in range(n)]
    codes = pd.DataFrame({
        "patient_id": patients, "institution": ["CS", "DU"] * (n // 2),
        "side": ["left" if i % 4 < 2 else "right" for i in range(n)], "lobe": [LOBES[i % 3] for i in range(n)],
        "grade": "G2",
    })  # fmt: skip
    rows = [(patient, sequence) for patient in patients for sequence in ("FLAIR", "T1", "T1ce")]
    index = pd.DataFrame(rows, columns=["patient_id", "sequence"])
    index = index.assign(row=range(len(index)), study_id=index["patient_id"])
    torch.manual_seed(0)
    volumes = torch.rand(len(index), 1, *SHAPE).numpy().astype("float16")
    cache = VolumeCache(volumes, index, index[:0], "c", PREPROCESSED["preprocessing_fingerprint"])
    split = pd.Series(["test" if i % 2 else "validation" if i % 8 == 0 else "train" for i in range(n)], index=patients)
    return codes, cache, {"DU": split}


def test_nothing_is_said_of_what_differs_from_patient_to_patient():
    codes, cache, folds = made()
    sentences = sentences_of_codes(codes, cache.index)
    assert set(sentences["sequence"]) == {"FLAIR", "T1"} and len(sentences) == 48
    pairs = fold_pairs(cache, sentences, folds["DU"])
    assert not set(pairs["train"].patients) & set(pairs["test"].patients) and len(pairs["test"]) == 24


def test_every_method_starts_from_a_start_of_the_fold_alone(tmp_path):
    codes, cache, folds = made()
    settings = get_settings(
        "smoke", pretraining={"embedding_size": 8}, text_encoder={"warm_start_steps": 0},
        external={"pretraining_steps": 2}, image_encoder=ImageEncoderSettings(width=8).model_dump(),
        preprocessing=OPTIONS,
    )  # fmt: skip
    models, looks = pretrained_on_codes(
        settings, cache, sentences_of_codes(codes, cache.index), folds, ("CLIP", "SeLIP"), range(1), tmp_path,
        extra={**PREPROCESSED, "data_source": "made"}, device=torch.device("cpu"),
    )  # fmt: skip
    assert set(models) == {(method, 0, "DU") for method in ("scratch", "CLIP", "SeLIP")}
    assert set(looks["training_patients"]) == {9} and set(looks["variant"]) == {"CLIP", "SeLIP"}
    weights = {
        key[0]: load_model(folder, cache.preprocessing_fingerprint, device=torch.device("cpu")).image_projection.weight
        for key, folder in models.items()
    }
    assert not torch.equal(weights["CLIP"], weights["scratch"]) and not torch.equal(weights["CLIP"], weights["SeLIP"])
