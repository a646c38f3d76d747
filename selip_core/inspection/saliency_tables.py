"""Whether saliency lies on the finding it is asked for: against chance, and against what must not find it.

# Choice: seen on the validation patients (105 with 919 findings; 1200 patients, study size, gradient): 3.5 % of the
# saliency in the mask (2.8 to 4.1) where chance is 0.5 %; with shuffled weights 1.0 %, its maps not correlated with the
# model's (0.02), for a lesion differs from the other side whatever the model; on another patient 0.8 %, for the text
# names the site. The most salient voxel is in the mask of 18 % of the findings; large lesions of the lobes are found
# best, those of pons and thalamus worst. With nothing changed, looked at once on the test patients (181 with 1,611
# findings): 2.9 % (2.5 to 3.3) where chance is 0.44 %, shuffled weights 0.8 %, another patient 0.7 %; trained less
# shuffled +2.1 points (1.8 to 2.4).
"""

import copy
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from tqdm.auto import tqdm

from selip_core.encoders.model import SelipModel
from selip_core.inspection.saliency import saliency_of_pairs
from selip_core.inspection.saliency_cases import FindingCases, inside_of_head
from selip_core.metrics.resampling import bootstrap_interval, holm, paired_difference

TRAINED, RANDOMISED, OTHER = "trained", "randomised weights", "another patient"
"""The model's map; those of the same network with shuffled weights; that of the same text on another patient."""

SHUFFLES = 3
"""Networks of shuffled weights; what is told of them is their mean, so that no lucky one decides."""

ALL_SITES = "all sites"

_VOXELS_AT_ONCE = 2**19
"""Of the volumes in one pass of a model: one of the embedded cohort at a time left a processor of two idle for most of
it, and sixteen of the paper's size would fill a card with what the gradient needs."""


def randomise(model: SelipModel, *, seed: int) -> SelipModel:
    """Return a copy in which the weights of every tensor are shuffled: same values, nothing learned.

    The sanity check of Adebayo et al. (Sanity checks for saliency maps, NeurIPS 2018): a map that stays as it was
    shows the image, not the model. Shuffled and not drawn anew, so that the scale of every layer stays. The templates
    are no weights and stay too: the network is to see what the trained one sees.
    """
    copied = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in copied.state_dict().items():
            templates = name.startswith("image_encoder.templates.")
            if tensor.is_floating_point() and tensor.numel() > 1 and not templates:
                order = torch.randperm(tensor.numel(), generator=generator).to(tensor.device)
                tensor.copy_(tensor.flatten()[order].view_as(tensor))
    return copied


def saliency_results(
    model: SelipModel,
    cases: FindingCases,
    volumes: np.ndarray,
    *,
    spacing_mm: tuple[float, float, float],
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Return where the saliency of each finding's sentence lies, for the model and the two controls.

    Parameters
    ----------
    cases : FindingCases
        Of one split.
    volumes : (N, 1, D, H, W)
        The cohort's, as its cache has them.
    spacing_mm : (D, H, W)
    seed : int
        Of the shuffled weights: of `seed`, and of as many after it as `SHUFFLES` says.

    Returns
    -------
    DataFrame
        A row a case and ``map`` (`TRAINED`, `RANDOMISED`, `OTHER`): ``case``, ``patient_id``, ``sequence``, ``site``,
        ``side``, ``share`` (of the saliency inside the head, in the mask; 0 where there is none), ``chance`` (share of
        the inside of the head that is the mask), ``hit`` (the most salient voxel is in the mask), ``rank_correlation``
        (Spearman, inside the head, with the model's own map; NaN where a map is constant). `RANDOMISED` is the mean
        over the shuffles, ``hit`` a share of them. `OTHER` has rows where the
        cases have another patient with the sequence: what the text alone brings about is the same there.
    """
    shuffled = [randomise(model, seed=seed + i) for i in range(SHUFFLES)]
    others = _other_patients(cases.table)
    rows = []
    at_once = max(_VOXELS_AT_ONCE // max(int(np.prod(volumes.shape[1:])), 1), 1)
    with tqdm(total=len(cases), desc="saliency", disable=not progress) as bar:
        for first in range(0, len(cases), at_once):
            some = range(first, min(first + at_once, len(cases)))
            for i, maps in zip(some, _maps(model, shuffled, cases, volumes, others, some), strict=True):
                rows += _case_rows(i, maps, cases, volumes, spacing_mm)
            bar.update(len(some))
    columns = ["case", "patient_id", "sequence", "site", "side", "map", "share", "chance", "hit", "rank_correlation"]
    return pd.DataFrame(rows, columns=columns)


def _maps(
    model: SelipModel, shuffled: list[SelipModel], cases: FindingCases, volumes: np.ndarray, others: list[int],
    some: range,
) -> list[dict[str, list[np.ndarray]]]:  # fmt: skip
    """Return the maps of some cases: the model's, those of the shuffled ones, and where there is one another patient's.
    """
    table = cases.table.iloc[some]
    texts, shown = table["text"].tolist(), [np.asarray(volumes[row], np.float32) for row in table["row"]]
    own = saliency_of_pairs(model, shown, texts)
    randomised = [saliency_of_pairs(one, shown, texts) for one in shuffled]
    maps = [{TRAINED: [own[k]], RANDOMISED: [found[k] for found in randomised]} for k in range(len(some))]
    having = [k for k, i in enumerate(some) if others[i] >= 0]
    if having:
        elsewhere = [np.asarray(volumes[others[some[k]]], np.float32) for k in having]
        for k, found in zip(having, saliency_of_pairs(model, elsewhere, [texts[k] for k in having]), strict=True):
            maps[k][OTHER] = [found]
    return maps


def _case_rows(
    i: int, maps: dict[str, list[np.ndarray]], cases: FindingCases, volumes: np.ndarray,
    spacing_mm: tuple[float, float, float],
) -> list[dict]:  # fmt: skip
    """Return what is measured of the maps of one case, a row a kind of map."""
    case, mask, (own,) = cases.table.iloc[i], cases.masks[i], maps[TRAINED]
    inside = inside_of_head(np.asarray(volumes[case["row"]], np.float32)[0], spacing_mm) | mask
    about = {"case": i, **{name: case[name] for name in ("patient_id", "sequence", "site", "side")}}
    rows = []
    for name, found in maps.items():
        measured = [
            {**localisation(one, mask, inside), "rank_correlation": rank_correlation(one[inside], own[inside])}
            for one in found
        ]
        rows.append({**about, "map": name, **pd.DataFrame(measured).mean().to_dict()})
    return rows


def localisation(saliency: np.ndarray, mask: np.ndarray, inside: np.ndarray) -> dict[str, float]:
    """Return ``share``, ``chance`` and ``hit`` of one map; all three arrays are of one shape, `mask` in `inside`."""
    counted = np.where(inside, saliency, 0)
    total = float(counted.sum())
    return {
        "share": float(counted[mask].sum()) / total if total > 0 else 0.0,
        "chance": float(mask.sum() / inside.sum()),
        "hit": bool(total > 0 and mask.flat[counted.argmax()]),
    }


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's correlation of two maps (n,), equal values at their mean rank; NaN where one is constant."""
    if min(np.ptp(first), np.ptp(second)) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)


def _other_patients(table: pd.DataFrame) -> list[int]:
    """Return for each case the row of the next patient's series of the same sequence, -1 where there is none."""
    found = np.full(len(table), -1)
    for _, part in table.groupby("sequence"):
        patients, rows = part["patient_id"].to_numpy(), part["row"].to_numpy()
        for place, i in enumerate(part.index):
            turned = np.roll(np.arange(len(part)), -place)
            different = turned[patients[turned] != patients[place]]
            if len(different):
                found[i] = rows[different[0]]
    return found.tolist()


def saliency_table(results: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the share of saliency in the masks by site and map, with 95 % intervals over patients.

    Returns
    -------
    DataFrame
        ``site`` (`ALL_SITES` first, then by number of cases), ``map``, ``share`` with ``low`` and ``high``, ``chance``,
        ``ratio`` (of both means), ``above_chance`` (mean of share − chance) with ``above_low``, ``above_high`` and
        ``p`` with its ``test``, ``hit`` with ``hit_low``, ``hit_high``, ``patients``, ``cases``, ``note`` (why
        there is no interval), ``p_holm`` (over all rows).
    """

    def row(part: pd.DataFrame) -> dict:
        patients = part["patient_id"].to_numpy()
        share, chance = part["share"].to_numpy(), part["chance"].to_numpy()
        mean = bootstrap_interval(share, patients, samples=samples, seed=seed)
        above = paired_difference(chance, share, patients, samples=samples, seed=seed)
        hit = bootstrap_interval(part["hit"].to_numpy(float), patients, samples=samples, seed=seed)
        return {
            "share": mean.value, "low": mean.low, "high": mean.high, "chance": chance.mean(),
            "ratio": mean.value / chance.mean(), "above_chance": above.value, "above_low": above.low,
            "above_high": above.high, "p": above.p, "test": above.test, "hit": hit.value,
            "hit_low": hit.low, "hit_high": hit.high, "patients": mean.n_patients, "cases": len(part),
            "note": mean.note,
        }  # fmt: skip

    return _corrected(_by_site(results, row))


def saliency_controls(results: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return what the model's maps have over those of each control, over the same cases.

    Returns
    -------
    DataFrame
        ``site``, ``map`` (the control), ``difference`` (mean share of the model less that of the control) with
        ``low``, ``high``, ``p``, ``test``; ``rank_correlation`` (mean over cases) with ``correlation_low``,
        ``correlation_high``; ``patients``, ``cases``, ``note``, ``p_holm`` (over all rows).
    """
    own = results[results["map"] == TRAINED].set_index("case")["share"]

    def row(part: pd.DataFrame) -> dict:
        patients = part["patient_id"].to_numpy()
        ours = own.reindex(part["case"]).to_numpy()
        found = paired_difference(part["share"].to_numpy(), ours, patients, samples=samples, seed=seed)
        same = part["rank_correlation"].to_numpy()
        known = np.isfinite(same)
        low = high = mean = np.nan
        if known.any():
            estimate = bootstrap_interval(same[known], patients[known], samples=samples, seed=seed)
            mean, low, high = estimate.value, estimate.low, estimate.high
        return {
            "difference": found.value, "low": found.low, "high": found.high, "p": found.p, "test": found.test,
            "rank_correlation": mean, "correlation_low": low, "correlation_high": high,
            "patients": found.n_patients, "cases": len(part), "note": found.note,
        }  # fmt: skip

    return _corrected(_by_site(results[results["map"] != TRAINED], row))


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(p_holm=holm(table["p"].astype(float)))


def _by_site(results: pd.DataFrame, row: Callable[[pd.DataFrame], dict]) -> pd.DataFrame:
    everything = results.assign(site=ALL_SITES)
    order = [ALL_SITES, *results.drop_duplicates("case")["site"].value_counts().index]
    groups = dict(list(pd.concat([everything, results]).groupby(["site", "map"], sort=False)))
    names = [name for name in (TRAINED, RANDOMISED, OTHER) if name in set(results["map"])]
    wanted = [(site, name) for site in order for name in names if (site, name) in groups]
    return pd.DataFrame([{"site": site, "map": name, **row(groups[site, name])} for site, name in wanted])
