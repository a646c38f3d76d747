"""The fusion of a study's series: trained on features that stay as they are, with the losses of the model's method."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core._utils.files import read_json, write_json
from selip_core._utils.hashing import code_fingerprint, digest, file_digest
from selip_core._utils.side_by_side import side_by_side
from selip_core.config import PretrainingSettings, StudyFusionSettings
from selip_core.datasets.studies import Studies, findings_of_report
from selip_core.encoders.dual import clamped_scale
from selip_core.encoders.files import WEIGHTS
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import FUSION, USUAL, StudyFusion, remove_fusion
from selip_core.losses import selip_loss
from selip_core.metrics.retrieval import K_MAX, ranks_of_hits
from selip_core.pretraining.optimization import learning_rate_factor
from selip_core.pretraining.runs import Plan
from selip_core.pretraining.sampler import UniqueTextSampler
from selip_core.pretraining.study_features import StudyFeatures, study_features
from selip_core.reports.sentences import Finding
from selip_core.similarity.targets import target_similarity

_LOG = "study_fusion.json"
_WARMUP = 0.1
"""Share of the steps over which the rate rises."""


def fuse_runs(
    plans: Sequence[Plan], studies: Mapping[str, Studies], settings: StudyFusionSettings, *, device: torch.device
) -> pd.DataFrame:
    """Train the fusion of every run that has none yet, see `fuse_run`, on a CPU side by side; return their validations.

    Parameters
    ----------
    plans : sequence of Plan
        Finished runs on all training patients.

    Returns
    -------
    DataFrame with ``variant``, ``seed`` and the columns of `fuse_run`
        Without rows where no training or validation patient has a study of `USUAL` sequences: the mean stays.
    """
    columns = ["variant", "seed", "step", "mean_reciprocal_rank", "findings_recall_at_10", "kept"]
    runs = plans if all(map(len, studies.values())) else []
    work = partial(_fused, studies=studies, settings=settings, device=device)
    tables = list(side_by_side(work, runs, steps=len(runs) * settings.steps, device=device, task="fusing"))
    return pd.concat(tables or [pd.DataFrame(columns=columns)], ignore_index=True)


def _fused(
    plan: Plan, *, studies: Mapping[str, Studies], settings: StudyFusionSettings, device: torch.device
) -> pd.DataFrame:
    looks = fuse_run(plan.directory, studies, plan.settings, settings, seed=plan.seed, device=device)
    looks.insert(0, "variant", plan.variant)
    looks.insert(1, "seed", plan.seed)
    return looks


def fuse_run(
    folder: Path, studies: Mapping[str, Studies], method: PretrainingSettings, settings: StudyFusionSettings, *,
    seed: int, device: torch.device,
) -> pd.DataFrame:  # fmt: skip
    """Train the fusion of the model ``best`` of a run and write it there, once; return its validations.

    Parameters
    ----------
    folder : Path
        Of a finished run of `selip_core.pretraining.runs.run_plans`. What is known of the fusion is kept beside
        ``best``: one of the same weights, studies, settings and code is not trained again.
    studies : mapping with ``train`` and ``validation``
    method : PretrainingSettings
        Of the run: its losses and soft targets.

    Returns
    -------
    DataFrame with ``step``, what `validate_fusion` returns of the validation studies, and ``kept``
        Step 0 is the mean of the series. Empty where there are too few distinct reports to train on: the mean stays.
    """
    best = folder / "best"
    key = _fingerprint(best, studies, method, settings, seed)
    kept = read_json(folder / _LOG) or {}
    if kept.get("key") == key and kept.get("trained") == (best / FUSION).exists():
        return pd.DataFrame(kept["validated"])
    model = SelipModel.from_pretrained(best, device=str(device))
    features = {split: study_features(model, part) for split, part in studies.items()}
    reports = [findings_of_report(report) for report in studies["train"].distinct_reports.values()]
    fusion, validated = train_study_fusion(
        features, reports, method, settings, logit_scale=model.logit_scale.item(), seed=seed
    )
    remove_fusion(best)
    model.take_study_fusion(fusion)
    model.save_fusion(best)
    told = {"key": key, "trained": fusion is not None, "validated": validated.to_dict("records")}
    write_json(folder / _LOG, told)
    return validated


def _fingerprint(best: Path, studies: Mapping[str, Studies], *settings_and_seed: object) -> str:
    """Return the fingerprint of all that decides a fusion: weights, studies, settings, seed and code."""
    parts = [file_digest(best / WEIGHTS), code_fingerprint("pretraining.study_fusion")]
    for part in studies.values():
        parts += [digest(*part.texts), digest(*part.patients), str(part.rows)]
    told = (one if isinstance(one, int) else one.model_dump_json() for one in settings_and_seed)
    return digest(*parts, *map(str, told))


def train_study_fusion(
    features: Mapping[str, StudyFeatures], reports: Sequence[tuple[Finding, ...]], method: PretrainingSettings,
    settings: StudyFusionSettings, *, logit_scale: float, seed: int,
) -> tuple[StudyFusion | None, pd.DataFrame]:  # fmt: skip
    """Return the fusion that was best on the validation studies, and all looks at these, see `fuse_run`.

    Parameters
    ----------
    features : mapping with ``train`` and ``validation``
    reports : sequence of t tuples of Finding
        The findings of the distinct training reports, of all sequences: what soft targets compare.
    method : PretrainingSettings
    logit_scale : float
        Of the model: the fusion is trained from there with one of its own, which is not kept.

    Returns
    -------
    (StudyFusion, DataFrame)
        The fusion is None where there are no two distinct reports to tell apart.
    """
    if len(reports) < 2:
        return None, pd.DataFrame()
    training = _Training(features["train"], reports, method, settings, logit_scale, seed)
    looks, best, state = [], -1.0, {}
    for step in range(settings.steps + 1):
        if step % settings.validate_every == 0 or step == settings.steps:
            looks.append({"step": step, **validate_fusion(training.fusion, features["validation"])})
            if looks[-1]["mean_reciprocal_rank"] > best:
                best = looks[-1]["mean_reciprocal_rank"]
                state = {name: tensor.clone() for name, tensor in training.fusion.state_dict().items()}
        if step < settings.steps:
            training.take_step(step)
    training.fusion.load_state_dict(state)
    table = pd.DataFrame(looks)
    return training.fusion, table.assign(kept=table.index == table["mean_reciprocal_rank"].idxmax())


class _Training:
    """A fusion on its way; parameters as of `train_study_fusion`."""

    def __init__(
        self, train: StudyFeatures, reports: Sequence[tuple[Finding, ...]], method: PretrainingSettings,
        settings: StudyFusionSettings, logit_scale: float, seed: int,
    ):  # fmt: skip
        self.train, self.method, self.settings = train, method, settings
        self.fusion = StudyFusion(train.image.features.shape[-1], USUAL)
        self.log_scale = torch.nn.Parameter(torch.tensor(logit_scale).log(), requires_grad=method.train_logit_scale)
        self.optimizer = torch.optim.Adam([*self.fusion.parameters(), self.log_scale], lr=settings.learning_rate)
        self.targets = target_similarity(reports, method, counts=np.bincount(train.own))
        size = min(settings.batch_size, len(reports))
        self.batches = UniqueTextSampler(train.own, None, batch_size=size, seed=seed).steps()
        self.drawn = torch.Generator().manual_seed(seed)

    def take_step(self, step: int) -> None:
        """Train on one batch: some series of its studies left out, their reports whole."""
        settings, train = self.settings, self.train
        rate = learning_rate_factor(step, settings.steps, int(_WARMUP * settings.steps), self.method.decay_power)
        self.optimizer.param_groups[0]["lr"] = settings.learning_rate * rate
        rows, _ = next(self.batches)
        kept = some_of(train.image.present[rows], settings.left_out, self.drawn)
        loss = selip_loss(
            train.image.fused(self.fusion.image, rows, kept), train.text.fused(self.fusion.text, train.own[rows]),
            clamped_scale(self.log_scale), self.targets.similarity(train.own[rows].tolist()),
            soft_target_weight=self.method.soft_target_weight, include_positive=self.method.include_positive,
        )["loss"]  # fmt: skip
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def some_of(present: torch.Tensor, left_out: float, drawn: torch.Generator) -> torch.Tensor:
    """Return `present` (n, S) with a share of the parts left out at random; where none would be left, all stay.

    # Choice: of the series, and not of the sentences too. A study without a series has a report that is silent on it,
    and a fusion that went by what is missing would have no need of the images.
    """
    kept = present & (torch.rand(present.shape, generator=drawn) >= left_out)
    return torch.where(kept.any(1, keepdim=True), kept, present)


@torch.inference_mode()
def validate_fusion(fusion: StudyFusion, studies: StudyFeatures) -> dict[str, float]:
    """Return how the studies with findings find their reports among all: the normal ones all have the same.

    Returns
    -------
    dict with ``mean_reciprocal_rank`` and ``findings_recall_at_10``; of all studies where none has findings.
    """
    scores = studies.image.fused(fusion.image) @ studies.text.fused(fusion.text).T
    some = studies.some if studies.some.any() else ~studies.some
    ranks = ranks_of_hits(scores[some], studies.carries[some]).float()
    return {
        "mean_reciprocal_rank": (1 / ranks).mean().item(),
        "findings_recall_at_10": (ranks <= K_MAX).float().mean().item(),
    }
