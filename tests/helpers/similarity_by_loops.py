"""The similarity of reports as method.md 3 defines it, by loops: slow, and obviously right. No test by itself."""

import math

import numpy as np

from selip_core.reports.sentences import parse_sentence
from selip_core.similarity.findings import appearance_tag
from selip_core.similarity.sites import structures_of


def near(site, other):
    """How near two sites are, by sets."""
    of_structures = [set(structures_of(s)) for s in (site, other)]
    of_sides = [{"any", *({"左侧": "L", "右侧": "R", "双侧": "LR"}.get(s[:2], ""))} for s in (site, other)]
    (a, b), (c, d) = of_structures, of_sides
    return len(a & b) / len(a | b) * len(c & d) / len(c | d)


def rarity(values, weights):
    """-ln of Laplace's estimate of the share of each value, as a function."""
    return lambda value: -math.log(
        (sum(w for v, w in zip(values, weights, strict=True) if v == value) + 1) / (sum(weights) + len(set(values)) + 1)
    )


def of_findings(a, b, kind, weights, site_match="equal", rare=None):
    """The definition, for one pair of findings; `rare` gives the information content of a site, and of a tag."""
    left, right = set(a.site + a.appearance), set(b.site + b.appearance)
    syntax = 2 * len(left & right) / (len(left) + len(right))
    tags = appearance_tag(a.appearance), appearance_tag(b.appearance)
    site = near(a.site, b.site) if site_match == "graded" else float(a.site == b.site)
    semantic = weights[0] * site + weights[1] * (tags[0] == tags[1])
    if rare:
        of_site = weights[0] * (rare[0](a.site) + rare[0](b.site))
        of_tag = weights[1] * (rare[1](tags[0]) + rare[1](tags[1]))
        semantic = sum(weights) * (of_site * site + of_tag * (tags[0] == tags[1])) / (of_site + of_tag)
    return {"syntax": syntax, "semantic": semantic, "mixed": syntax * semantic}[kind]


def by_loops(
    texts, kind="mixed", weights=(0.5, 0.5), matching="mean", site_match="equal", information=False, power=1,
    counts=None,
):  # fmt: skip
    """The definition, for every pair of reports."""
    reports = [parse_sentence(text) for text in texts]
    rare = None
    if information:
        carried = [(f, n) for report, n in zip(reports, counts or [1] * len(texts), strict=True) for f in report]
        of_each = [n for _, n in carried]
        rare = (
            rarity([f.site for f, _ in carried], of_each),
            rarity([appearance_tag(f.appearance) for f, _ in carried], of_each),
        )
    result = np.zeros((len(texts), len(texts)))
    for i, a in enumerate(reports):
        for j, b in enumerate(reports):
            if i == j:
                result[i, j] = 1
            elif a and b:
                table = np.array([[of_findings(x, y, kind, weights, site_match, rare) for y in b] for x in a])
                best = (table.max(0).mean() + table.max(1).mean()) / 2
                result[i, j] = min(table.mean() if matching == "mean" else best, 1) ** power
    return result
