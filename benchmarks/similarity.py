"""The similarity engine: whole matrices and neighbours of large corpora, against the loop, and beside a training step.

python -m benchmarks.similarity [--device cuda] [--tiny]
"""

from functools import partial

from benchmarks import measure, training
from benchmarks.corpora import distinct_texts, embedded_texts

_NEIGHBOURS = 10
_SAMPLE = 96  # reports whose pairs the loop is timed on
_OPTIONS = {
    "information content": {"information": True}, "near sites": {"site_match": "graded"},
    "both, power 2": {"information": True, "site_match": "graded", "power": 2.0},
}  # fmt: skip


def whole_matrix(reports: int, matching: str, device: str, *, option: str = "") -> dict:
    """Time the preparation and every row of the similarity matrix of a corpus, with one of `_OPTIONS` or none."""
    from selip_core.similarity.blocks import similarity_rows

    def work(corpus):
        for _, block in similarity_rows(corpus):
            block.sum()

    row = _timed(work, embedded_texts(reports), "embedded", matching, device, **_OPTIONS.get(option, {}))
    return {"what": f"whole matrix, {option}" if option else "whole matrix", **row}


def kept_matrix(reports: int, matching: str, device: str) -> dict:
    """Time the preparation and the similarity matrix of a corpus, every row kept."""
    import torch

    from selip_core.similarity.blocks import similarity_rows

    def work(corpus):
        matrix = torch.empty(reports, reports, device=device)
        for rows, block in similarity_rows(corpus):
            matrix[rows] = block

    return {"what": "matrix, kept", **_timed(work, embedded_texts(reports), "embedded", matching, device)}


def writing(reports: int, device: str) -> dict:
    """Time what no way to make the matrix can be faster than: one value written to each of its numbers."""
    import torch

    if device.startswith("cuda"):
        torch.empty(reports, reports, device=device).fill_(0.5)
    started = measure.clock(device)
    torch.empty(reports, reports, device=device).fill_(0.5)
    return {"what": "matrix of one number, kept", "reports": reports, "total_seconds": measure.clock(device) - started}


def neighbours(reports: int, matching: str, device: str, *, all_distinct: bool = False) -> dict:
    """Time the preparation and the nearest other reports of every report of a corpus."""
    from selip_core.similarity.blocks import top_k

    texts = distinct_texts(reports) if all_distinct else embedded_texts(reports)
    name = "all distinct" if all_distinct else "embedded"
    row = _timed(lambda corpus: top_k(corpus, _NEIGHBOURS), texts, name, matching, device)
    return {"what": f"{_NEIGHBOURS} neighbours of each", **row}


def loop(reports: int, matching: str, sample: int) -> dict:
    """Time the loop over pairs of findings on a sample of a corpus, scaled to all of its pairs of reports."""
    import numpy as np

    from tests.helpers.similarity_by_loops import by_loops

    texts = embedded_texts(reports)
    picked = np.random.default_rng(0).choice(reports, min(sample, reports), replace=False)
    started = measure.clock("cpu")
    by_loops([texts[i] for i in picked], matching=matching)
    seconds = (measure.clock("cpu") - started) * (reports / len(picked)) ** 2
    return {
        "what": f"loop over pairs of findings, scaled from {len(picked)} reports", "corpus": "embedded",
        "reports": reports, "matching": matching, "total_seconds": seconds,
    }  # fmt: skip


def batch(reports: int, size: int, matching: str, device: str) -> dict:
    """Time what a training step asks for: the similarity of a batch of a prepared corpus."""
    import torch

    from selip_core.similarity.scores import ReportCorpus

    texts = list(dict.fromkeys(embedded_texts(reports)))
    corpus = ReportCorpus(texts, matching=matching, device=device)
    picked = torch.arange(size)
    seconds = measure.seconds_of(lambda: corpus.similarity(picked), device, repeats=50)
    return {
        "what": f"batch of {size}", "corpus": "embedded", "reports": reports, "distinct_reports": corpus.n_distinct,
        "distinct_findings": len(corpus.findings), "matching": matching, "total_seconds": seconds,
    }  # fmt: skip


def _timed(work, texts: list[str], name: str, matching: str, device: str, **options) -> dict:
    from selip_core.similarity.scores import ReportCorpus

    if device.startswith("cuda"):  # starting the card and its libraries is no part of it
        work(ReportCorpus(texts[:64], matching=matching, device=device, **options))
    started = measure.clock(device)
    corpus = ReportCorpus(texts, matching=matching, device=device, **options)
    prepared = measure.clock(device)
    work(corpus)
    done = measure.clock(device)
    return {
        "corpus": name, "reports": len(texts), "distinct_reports": corpus.n_distinct,
        "distinct_findings": len(corpus.findings), "matching": matching, "prepare_seconds": prepared - started,
        "total_seconds": done - started,
    }  # fmt: skip


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    device = options.device
    run = partial(measure.in_child, threads=options.threads)
    small, middle, large, sample = (40, 50, 60, 8) if options.tiny else (4096, 20_000, 100_000, _SAMPLE)
    rows = []
    for matching in ("mean", "best"):
        slow = run(loop, reports=small, matching=matching, sample=sample)
        fast = run(whole_matrix, reports=small, matching=matching, device=device)
        fast["times_faster"] = slow["total_seconds"] / fast["total_seconds"]
        rows += [slow, fast, run(whole_matrix, reports=middle, matching=matching, device=device)]
    limit = run(writing, reports=middle, device=device)
    rows.append(limit)
    for matching in ("mean", "best"):
        kept = run(kept_matrix, reports=middle, matching=matching, device=device)
        kept["times_the_writing"] = kept["total_seconds"] / limit["total_seconds"]
        rows.append(kept)
    for option in _OPTIONS:
        rows.append(run(whole_matrix, reports=small, matching="best", device=device, option=option))
    for reports in (small, middle, large):
        rows.append(run(neighbours, reports=reports, matching="mean", device=device))
    rows.append(run(neighbours, reports=large // 2, matching="best", device=device))
    rows.append(run(neighbours, reports=large, matching="mean", device=device, all_distinct=True))
    setting = training.default_setting(device, tiny=options.tiny)
    step = run(training.throughput, **setting, variant="float32", device=device)
    for matching in ("mean", "best"):
        one = run(batch, reports=small, size=setting["batch"], matching=matching, device=device)
        if step["seconds_a_step"]:  # the step fits the memory
            one["share_of_a_training_step"] = one["total_seconds"] / step["seconds_a_step"]
        rows.append(one)
    measure.report("similarity", rows, device=device, out=options.out)


if __name__ == "__main__":
    main()
