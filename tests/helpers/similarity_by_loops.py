"""The similarity of reports as method.md 3 defines it, by loops: slow, and obviously right. No test by itself."""

import numpy as np

from selip_core.reports.sentences import parse_sentence
from selip_core.similarity.scores import appearance_tag


def of_findings(a, b, kind, weights):
    """The definition, for one pair of findings."""
    left, right = set(a.site + a.appearance), set(b.site + b.appearance)
    syntax = 2 * len(left & right) / (len(left) + len(right))
    same_tag = appearance_tag(a.appearance) == appearance_tag(b.appearance)
    semantic = weights[0] * (a.site == b.site) + weights[1] * same_tag
    return {"syntax": syntax, "semantic": semantic, "mixed": syntax * semantic}[kind]


def by_loops(texts, kind="mixed", weights=(0.5, 0.5), matching="mean"):
    """The definition, for every pair of reports."""
    reports = [parse_sentence(text) for text in texts]
    result = np.zeros((len(texts), len(texts)))
    for i, a in enumerate(reports):
        for j, b in enumerate(reports):
            if i == j:
                result[i, j] = 1
            elif a and b:
                table = np.array([[of_findings(x, y, kind, weights) for y in b] for x in a])
                best = (table.max(0).mean() + table.max(1).mean()) / 2
                result[i, j] = min(table.mean() if matching == "mean" else best, 1)
    return result
