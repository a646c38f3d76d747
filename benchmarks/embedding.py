"""Use of a trained model: preprocessing, embedding (does the model wait for its volumes?), and search in words.

python -m benchmarks.embedding [--device cuda] [--tiny]
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import measure, training
from benchmarks.models import model_and_pairs
from benchmarks.raw_volumes import SHAPE, write_volumes

_GRIDS = {(6, 16, 16): (20.0, 12.0, 12.0), (16, 48, 40): (8.0, 4.0, 4.0), (24, 256, 256): (6.0, 0.9, 0.9)}
"""The voxel size (mm) of each grid."""
_RAW = f"{'×'.join(map(str, SHAPE))} voxels"
_SENTENCE = "在左侧额叶表现为片状长信号"


def preprocessing(*, shape: tuple[int, int, int], series: int) -> dict:
    """Time reading and preprocessing of files in one process."""
    from selip_core.preprocessing import preprocess_array

    with tempfile.TemporaryDirectory() as name:
        files = write_volumes(Path(name), series)
        preprocess_array(files[0], **_options(shape))
        started = measure.clock("cpu")
        for path in files:
            preprocess_array(path, **_options(shape))
        seconds = measure.clock("cpu") - started
        size = np.mean([path.stat().st_size for path in files])
    return {"what": f"preprocessing of {_RAW}", "shape": "×".join(map(str, shape)), "series": series, "processes": 1,
            "series_a_second": series / seconds, "raw_mb_a_series": size / 2**20}  # fmt: skip


def reading(*, shape: tuple[int, int, int], series: int, workers: int) -> dict:
    """Time what `selip_core.embed` does before the model: processes read and preprocess; starting them counts."""
    from selip_core._utils.parallel import in_processes
    from selip_core.embed import _preprocess

    with tempfile.TemporaryDirectory() as name:
        files = [str(path) for path in write_volumes(Path(name), series)]
        started = measure.clock("cpu")
        for volume, reason in in_processes(partial(_preprocess, options=_options(shape)), files, workers):
            assert volume is not None, reason
        seconds = measure.clock("cpu") - started
    return {"what": "embedding: reading alone", "shape": "×".join(map(str, shape)), "series": series,
            "processes": workers, "series_a_second": series / seconds}  # fmt: skip


def model_alone(*, encoder: str, shape: tuple[int, int, int], batch: int, repeats: int, device: str) -> dict:
    """Time the image encoder on batches that are in memory already."""
    import torch

    model = _trained(encoder, shape, device)
    volumes = torch.randn(batch, 1, *shape)
    with torch.inference_mode():
        seconds = measure.seconds_of(lambda: model.encode_image(volumes).cpu(), device, repeats=repeats)
    return {"what": f"embedding: {encoder} encoder alone", "shape": "×".join(map(str, shape)), "batch": batch,
            "series_a_second": batch / seconds}  # fmt: skip


def both(*, encoder: str, shape: tuple[int, int, int], batch: int, series: int, workers: int, device: str) -> dict:
    """Time `selip_core.embed.embed` on a folder."""
    from selip_core.embed import embed

    model = _trained(encoder, shape, device)
    with tempfile.TemporaryDirectory() as name:
        write_volumes(Path(name), series)
        started = measure.clock(device)
        table = embed(model, name, batch_size=batch, workers=workers, progress=False)
        seconds = measure.clock(device) - started
    assert len(table) == series and (table["reason"] == "").all()
    return {"what": "embedding: a folder", "shape": "×".join(map(str, shape)), "batch": batch, "series": series,
            "processes": workers, "series_a_second": series / seconds}  # fmt: skip


def searching(*, encoder: str, shape: tuple[int, int, int], series: int, once: bool, device: str) -> dict:
    """Time a query to features of noise, the first one apart.

    Parameters
    ----------
    once : bool
        `selip_core.explore.gallery.Gallery`, made in the first query; else `selip_core.search.search`, which reads
        the table in each.
    """
    import pandas as pd

    from selip_core.explore.gallery import Gallery
    from selip_core.reports.queries import read_query
    from selip_core.search import search

    model = _trained(encoder, shape, device)
    features = np.random.default_rng(0).standard_normal((series, model.config["embedding_size"]), dtype=np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    table = pd.DataFrame({"path": [f"{i}.nii.gz" for i in range(series)], "sequence": "T1", "reason": "",
                          "feature": list(features)})  # fmt: skip
    ask = partial(search, model, table, _SENTENCE)
    started = measure.clock(device)
    if once:
        gallery = Gallery(table.drop(columns="feature"), np.stack(table["feature"]))
        ask = partial(gallery.search, model, read_query(_SENTENCE))
    ask()
    first = measure.clock(device) - started
    seconds = measure.seconds_of(ask, device, repeats=5)
    what = "search in words, gallery made once" if once else "search in words, a table"
    return {"what": what, "series": series, "first_seconds": first, "seconds": seconds}


def _options(shape: tuple[int, int, int]) -> dict:
    return {"spacing_mm": _GRIDS[tuple(shape)], "shape": tuple(shape), "clip_percentiles": (0.1, 99.9)}


def _trained(encoder: str, shape: tuple[int, int, int], device: str):
    """Return a model that says how it was preprocessed, as a trained one does; its weights are random."""
    from selip_core.preprocessing import fingerprint

    with tempfile.TemporaryDirectory() as name:
        model, _ = model_and_pairs(encoder, "small", shape, 4, device, Path(name))
    options = _options(shape)
    model.config |= {"preprocessing": options, "preprocessing_fingerprint": fingerprint(options)}
    return model.eval()


def default_rows(device: str, *, tiny: bool, processes: int) -> list[tuple[Callable[..., dict], dict]]:
    """Return what is measured: the jobs, and what they are given."""
    first = training.default_setting(device, tiny=tiny)
    model = {"encoder": first["encoder"], "shape": first["shape"], "device": device}
    batch, series, few, features = (2, 4, 2, 50) if tiny else (32, 192, 32, 20_000)
    folder = {"series": series, "workers": processes}
    return [
        *((preprocessing, {"shape": grid, "series": few}) for grid in ([first["shape"]] if tiny else list(_GRIDS)[1:])),
        (reading, {"shape": first["shape"], **folder}),
        (model_alone, {**model, "batch": batch, "repeats": 3}),
        (both, {**model, **folder, "batch": batch}),
        *((searching, {**model, "series": features, "once": once}) for once in (False, True)),
    ]


def main(words: list[str] | None = None) -> None:
    from selip_core._utils.parallel import processors

    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    device, tiny = options.device, options.tiny
    asked = default_rows(device, tiny=tiny, processes=1 if tiny else processors())
    rows = [measure.in_child(job, threads=options.threads, **given) for job, given in asked]
    measure.report("embedding", rows, device=device, out=options.out)


if __name__ == "__main__":
    main()
