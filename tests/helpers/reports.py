"""Texts of reports: the golden cases, and random ones."""

import json

import numpy as np

from selip_core.reports.parser import parse_report
from selip_core.reports.sentences import NORMAL_STATEMENT, canonical_sentence
from selip_core.reports.sentences import Finding as F
from tests.helpers.places import TESTS

GOLDEN = TESTS / "golden.json"


def golden_cases():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]


def flat(text):
    return sorted(f"{s} {f.site} {f.appearance}" for s, findings in parse_report(text).items() for f in findings)


def random_texts(n, seed=0):
    rng = np.random.default_rng(seed)
    sites = [side + site for side in ("左侧", "右侧", "双侧", "") for site in ("额叶", "丘脑", "侧脑室旁白质")]
    looks = [s + t for s in ("", "斑片状", "多发点状") for t in ("长信号", "高信号", "信号降低", "无强化", "等低信号")]
    texts = [NORMAL_STATEMENT]
    while len(texts) < n:
        drawn = [F(sites[rng.integers(12)], looks[rng.integers(15)]) for _ in range(rng.integers(1, 6))]
        texts.append(canonical_sentence(drawn))
    return [*texts[:-2], texts[1], NORMAL_STATEMENT]  # repeated ones too
