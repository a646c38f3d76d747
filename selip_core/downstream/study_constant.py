"""What retrieval by study is held against: answers that know which series a study has, and look at none."""

from collections import Counter
from collections.abc import Iterator

import torch

from selip_core.datasets.studies import Report, Studies, report_text, sites_of_report
from selip_core.metrics.yardsticks import TIE_DRAWS, set_f1
from selip_core.reports.sentences import mirrored

_NORMAL = "normal"
_UNSEEN = 0.5
"""What a report that training does not have counts for."""


def constant_reports(studies: Studies, train: Studies, *, flip: bool) -> Iterator[torch.Tensor]:
    """Yield the scores (n, t) of the distinct reports for each study, in each of `TIE_DRAWS` orders of their ties.

    A whole report says by which sequences it speaks of which series there are: the answer knows that too. It scores a
    report by how often training studies *with these series* have a report that speaks of these sequences (or is
    normal), times how frequent the report is among those of training that do; one that is not there counts half.

    Parameters
    ----------
    flip : bool
        Whether training shows mirror images: then the mirrored reports count as well.
    """
    shown = train.reports + [_mirrored(report) for report in train.reports if flip]
    frequent = Counter(report_text(report) for report in shown)
    spoken_of = Counter(_spoken(report) for report in shown)
    gallery = list(studies.distinct_reports.items())
    in_group = torch.tensor([spoken_of[_spoken(report)] for _, report in gallery], dtype=torch.float64)
    share = torch.tensor([frequent[text] or _UNSEEN for text, _ in gallery], dtype=torch.float64)
    share /= in_group + _UNSEEN
    likely = {name: _likely(name, train, gallery) for name in dict.fromkeys(studies.sequences)}
    scores = torch.stack([likely[name] * share for name in studies.sequences])  # (n, t)
    for draw in range(TIE_DRAWS):
        drawn = torch.Generator().manual_seed(draw)
        yield scores + 1e-9 * torch.rand(scores.shape, generator=drawn, dtype=torch.float64)


def _likely(series: str, train: Studies, gallery: list[tuple[str, Report]]) -> torch.Tensor:
    """Return for each report how often training studies with these series speak of its sequences, (t,)."""
    same = Counter(_spoken(report) for name, report in zip(train.sequences, train.reports, strict=True)
                   if name == series)  # fmt: skip
    if same:
        return torch.tensor([same[_spoken(report)] / same.total() for _, report in gallery], dtype=torch.float64)
    there = set(series.split("+"))  # such studies are new: a report may speak of what there is
    possible = [not any(report.values()) or set(report) <= there for _, report in gallery]
    return torch.tensor(possible, dtype=torch.float64)


def _spoken(report: Report) -> str:
    return "+".join(report) if any(report.values()) else _NORMAL


def _mirrored(report: Report) -> Report:
    return {name: mirrored(findings) for name, findings in report.items()}


def constant_likeness(studies: Studies, train: Studies) -> torch.Tensor:
    """Return the scores (n, n) of other studies for each: the same ones for all, whose sites are those of most.

    A study's score is the mean F1 of its sites with those of the training studies that have findings.
    """
    sets = [sites_of_report(report) for report in studies.reports]
    known = [sites_of_report(report) for report in train.reports if any(report.values())]
    usual = set_f1([*sets, *known])[: len(sets), len(sets) :].sum(1) / max(len(known), 1)
    return usual.expand(len(sets), len(sets))
