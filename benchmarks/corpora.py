"""Report sentences to time with, as many as wanted, without the images."""

import numpy as np

from selip_core.datasets.synthetic.catalogue import draw_lesions
from selip_core.datasets.synthetic.images import ACQUIRED
from selip_core.datasets.synthetic.report_styles import STYLE_WEIGHTS
from selip_core.datasets.synthetic.reports import write_report
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence


def embedded_texts(reports: int, seed: int = 0) -> list[str]:
    """Return the sentences of the series of as many embedded patients as it takes: repeated and normal ones included.

    Parameters
    ----------
    reports : int
        One a series, five a patient at most.
    seed : int
    """
    rng = np.random.default_rng(seed)
    styles, weights = list(STYLE_WEIGHTS), np.array(list(STYLE_WEIGHTS.values()))
    texts: list[str] = []
    while len(texts) < reports:
        style = styles[rng.choice(len(styles), p=weights / weights.sum())]
        written = write_report(draw_lesions(rng), set(ACQUIRED), rng, style)
        found: dict[str, dict[Finding, None]] = {}
        for sequence, finding in written.truth:
            found.setdefault(sequence, {})[finding] = None
        texts += [canonical_sentence(list(findings)) for findings in found.values()] or [NORMAL_STATEMENT] * 5
    return texts[:reports]


def distinct_texts(reports: int, seed: int = 0) -> list[str]:
    """Return sentences of one to four embedded findings of which no two are equal: nothing can be worked out once."""
    rng = np.random.default_rng(seed)
    known = sorted({f for text in embedded_texts(20_000, seed) for f in text.split("，") if text != NORMAL_STATEMENT})
    texts: dict[str, None] = {}
    while len(texts) < reports:
        picked = np.sort(rng.choice(len(known), rng.integers(1, 5), replace=False))
        texts["，".join(known[i] for i in picked)] = None
    return list(texts)
