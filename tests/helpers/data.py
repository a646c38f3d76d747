"""The smallest volumes and how they are preprocessed, and a few sentences."""

import numpy as np

from selip_core.preprocessing import fingerprint

SHAPE = (4, 16, 16)
OPTIONS = {"spacing_mm": (20.0, 12.0, 12.0), "shape": SHAPE, "clip_percentiles": (0.1, 99.9)}
PREPROCESSED = {"preprocessing": OPTIONS, "preprocessing_fingerprint": fingerprint(OPTIONS)}
"""What a model that was trained on such volumes says of them."""

SENTENCES = ["在左侧额叶表现为斑片状长信号", "在右侧丘脑表现为点状高信号", "在双侧侧脑室旁白质表现为多发斑点状高信号"]


def made_statistics(names=("T1", "T2")):
    """Return a mean and a deviation for the templates of each sequence: symmetric, and far from each other."""
    slope = np.abs(np.linspace(-1, 1, SHAPE[2], dtype=np.float32))
    still = np.ones(SHAPE, np.float32)
    return {name: (i * slope * still, 0.5 * still) for i, name in enumerate(names)}
