"""Zero-shot prompts are sentences that the text encoder knows, and scores are what the definition says."""

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.synthetic.catalogue import catalogue
from selip_core.downstream.zero_shot import prompt_book, zero_shot_scores
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.sentences import NORMAL_STATEMENT, SEQUENCES, parse_sentence


def test_every_kind_of_the_embedded_cohort_has_prompts():
    assert set(prompt_book()) == set(catalogue()["kinds"])


def test_prompts_are_canonical_sentences_of_known_sites():
    morphology = {"脑沟", "侧脑室", "中线结构"}
    sites = set(load_lexicon().book["sites"]) | morphology
    for prompts in prompt_book().values():
        assert prompts and set(prompts) <= set(SEQUENCES)
        for text in (t for texts in prompts.values() for t in texts):
            for finding in parse_sentence(text):
                assert finding.site.removeprefix("左侧").removeprefix("右侧").removeprefix("双侧") in sites


def test_scores_are_the_mean_over_series_of_prompt_less_normal(tiny_model, device):
    tiny_model.to(device)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3, 16)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    index = pd.DataFrame({"patient_id": ["A", "A", "B"], "sequence": ["T1", "DWI", "ADC"]})
    scores = zero_shot_scores(tiny_model, features, index, ["A", "B", "C"], ["atrophy", "abnormal", "unheard of"])
    with torch.inference_mode():
        normal = tiny_model.encode_text([NORMAL_STATEMENT]).cpu().numpy()[0]
        prompt = torch.nn.functional.normalize(tiny_model.encode_text(prompt_book()["atrophy"]["T1"]).mean(0), dim=0)
    expected = features[0] @ (prompt.cpu().numpy() - normal)  # DWI says nothing of atrophy
    assert np.isclose(scores[0, 0], expected, atol=1e-5)
    assert np.isnan(scores[1, 0]) and np.isnan(scores[2]).all() and np.isnan(scores[:, 2]).all()
    assert not np.isnan(scores[:2, 1]).any()
