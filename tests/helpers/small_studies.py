"""Studies of which the report is plain to see, each finding on one of two sequences: neither alone tells all."""

import numpy as np

from selip_core.datasets.studies import Studies
from selip_core.reports.sentences import Finding
from tests.helpers.data import SHAPE

SITES = ["左侧额叶", "右侧额叶", "左侧丘脑", "右侧丘脑"]


def tiny_studies(n=32, seed=0, *, normal=0, without_t2=0):
    """Return studies of T1 and T2: the block of one site bright on T1, that of another on T2; the first `normal` none.

    The last `without_t2` have T1 alone, and a report that is silent on T2.
    """
    rng = np.random.default_rng(seed)
    volumes = rng.normal(0, 0.1, (2 * n, 1, *SHAPE)).astype(np.float16)
    rows, reports = [], []
    for i in range(n):
        first, second = divmod(i % 16, 4)
        for j, site in enumerate((first, second)):
            if i >= normal:
                volumes[2 * i + j, 0, :, 4 * site : 4 * site + 4, 8 * j : 8 * j + 8] += 2.0
        report = {"T1": (Finding(SITES[first], "长信号"),), "T2": (Finding(SITES[second], "高信号"),)}
        rows.append({"T1": 2 * i, "T2": 2 * i + 1})
        reports.append(report if i >= normal else {"T1": (), "T2": ()})
    for i in range(n - without_t2, n):
        rows[i].pop("T2")
        reports[i].pop("T2")
    return Studies(volumes, rows, reports, [f"P{i:03d}" for i in range(n)])
