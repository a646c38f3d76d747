"""The one pretraining loop: CLIP and SeLIP differ in ``settings.soft_target_weight`` alone."""

import json
import time
from collections.abc import Mapping
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from selip_core._utils.files import put_aside
from selip_core._utils.hashing import code_fingerprint, digest
from selip_core._utils.parallel import read_ahead
from selip_core.config import EXECUTION, PretrainingSettings
from selip_core.datasets.pairs import Pairs, distinct_reports
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.losses import selip_loss
from selip_core.pretraining.augmentation import augment
from selip_core.pretraining.cached_gradients import accumulate_gradients
from selip_core.pretraining.checkpoints import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint
from selip_core.pretraining.distributed import ALONE, Processes, joined_processes
from selip_core.pretraining.optimization import encoders_context, learning_rate_factor, make_optimizer, prepare_model
from selip_core.pretraining.sampler import UniqueTextSampler, fitting_batch_size
from selip_core.pretraining.validation import NOTHING_TO_EVALUATE, constant_retrieval, sample_of_pairs, validate
from selip_core.reports.sentences import sentence_of
from selip_core.similarity.targets import target_similarity

LARGEST_SAMPLE = 512
"""Training pairs that the gap to the validation pairs is taken of."""

PLATEAU_SHARE = 0.95
PLATEAU_WINDOW = 25


def pretrain(
    model: SelipModel,
    pairs: Mapping[str, Pairs],
    settings: PretrainingSettings,
    directory: Path,
    *,
    seed: int = 0,
    progress: bool = True,
) -> "Pretraining":
    """Train `model` in place up to ``settings.steps``, continuing from the last checkpoint in `directory`.

    Alone, or with the other processes that ``torchrun`` or ``accelerate launch`` started: these share each batch, and
    the loss spans all of them. They need one results folder; only the main process validates and writes.

    Parameters
    ----------
    pairs : mapping with ``train`` and ``validation``
    settings : PretrainingSettings
        Of a profile, with the changes of one of `selip_core.pretraining.methods.VARIANTS`; a `soft_target_weight` of 0
        is exactly CLIP.
    directory : Path
        Where the checkpoints ``last`` and ``previous`` and the model ``best`` go.
        A checkpoint there that was written with other data, settings or code is put aside, and the run starts from
        nothing.

    Returns
    -------
    Pretraining
        With ``steps`` and ``validations`` as tables.

    Raises
    ------
    SelipError
        If the checkpoint cannot be read, or the loss is no longer finite.
    """
    processes = joined_processes(model.device.type)
    run = Pretraining(model, pairs, settings, directory, seed=seed, processes=processes)
    run.resume()
    run.train(progress and processes.is_main)
    return run


class Pretraining:
    """State of one pretraining run; use `pretrain`, whose parameters these are."""

    def __init__(
        self,
        model: SelipModel,
        pairs: Mapping[str, Pairs],
        settings: PretrainingSettings,
        directory: Path,
        *,
        seed: int = 0,
        processes: Processes = ALONE,
    ):
        train, validation = pairs["train"], pairs["validation"]
        self.model, self.train_pairs, self.validation_pairs = model, train, validation
        self.settings, self.directory, self.seed, self.processes = settings, Path(directory), seed, processes
        reports, self.text_ids, self.flipped_ids = distinct_reports(train.findings, flip=settings.flip)
        self.texts = [sentence_of(report) for report in reports]
        carriers = np.concatenate([self.text_ids, self.flipped_ids] if settings.flip else [self.text_ids])
        self.targets = target_similarity(reports, settings, counts=np.bincount(carriers), device=model.device)
        if not len(validation):
            raise SelipError(NOTHING_TO_EVALUATE.format("validation"))
        self.constant = constant_retrieval(validation, train, flip=settings.flip)
        self.train_sample = sample_of_pairs(train, min(len(validation), LARGEST_SAMPLE))
        self.batch_size = fitting_batch_size(train.findings, settings.batch_size, flip=settings.flip)
        self.sampler = UniqueTextSampler(
            self.text_ids, self.flipped_ids, batch_size=self.batch_size, seed=seed, both_sides=settings.both_sides
        )
        model.log_logit_scale.requires_grad_(settings.train_logit_scale)
        prepare_model(model, settings)
        self.optimizer = make_optimizer(model, settings)
        self.scaler = torch.amp.GradScaler(model.device.type, enabled=settings.precision == "float16")
        self.step = 0
        self.history: list[dict] = []
        self.validated: list[dict] = []
        self.fingerprint = self._fingerprint()

    def _fingerprint(self) -> str:
        """Return the fingerprint of all that decides the outcome: pairs, model, settings, seed and code.

        The model's configuration holds the fingerprints of the cohort, the preprocessing and the starting weights.
        How a step is computed (in chunks, by several processes) is left out: a run that has filled the memory may be
        continued in chunks, and one of several GPUs be read by a notebook. That changes no more than rounding, but for
        batch norm (ResNet-50), whose statistics are of a chunk; the checkpoint says how it was computed.
        """
        parts = [self.settings.model_dump_json(exclude=set(EXECUTION)), str(self.seed)]
        for pairs in (self.train_pairs, self.validation_pairs):
            parts += [digest(*pairs.texts), digest(*pairs.patients), digest(*pairs.sequences), str(pairs.rows.tolist())]
        parts += [json.dumps(self.model.config, sort_keys=True), code_fingerprint("pretraining.loop")]
        return digest(*parts)

    @property
    def steps(self) -> pd.DataFrame:
        """One row a step: loss parts, temperature, in-batch accuracy, learning rate."""
        return pd.DataFrame(self.history)

    @property
    def validations(self) -> pd.DataFrame:
        """One row a validation: ``step``, and what `validate` and `constant_retrieval` return."""
        return pd.DataFrame(self.validated)

    @property
    def best(self) -> pd.Series:
        """The validation of the model that was kept as ``best``."""
        return self.validations.loc[self.validations["mean_reciprocal_rank"].idxmax()]

    def train(self, progress: bool = True) -> None:
        """Run the remaining steps; validate and write a checkpoint every `validate_every` steps and at the end."""
        total = self.settings.steps
        batches = islice(self.sampler.steps(self.step), total - self.step)
        loaded = read_ahead(batches, self._load, self.settings.prefetch)
        bar = tqdm(loaded, initial=self.step, total=total, disable=not progress, mininterval=1.0)
        started = time.perf_counter()
        for (rows, flips), volumes in bar:
            done = self._train_step(rows, flips, volumes)
            self.history.append({**done, "seconds": time.perf_counter() - started})  # waiting for volumes counts
            bar.set_postfix(loss=f"{self.history[-1]['loss']:.3f}", refresh=False)
            if self.step % self.settings.validate_every == 0 or self.step == total:
                self._validate()
                if self.processes.is_main:
                    self.save()
            started = time.perf_counter()
        self.model.eval()

    def _train_step(self, rows: np.ndarray, flips: np.ndarray, volumes: torch.Tensor) -> dict:
        settings, model = self.settings, self.model
        rate = learning_rate_factor(self.step, settings.steps, settings.warmup_steps, settings.decay_power)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate
        volumes, ids = self._batch(rows, flips, volumes)
        similarity = self.targets.similarity(ids)
        scale = model.logit_scale.item()
        model.train()
        self.optimizer.zero_grad(set_to_none=True)
        # dropout of CLIP and SeLIP draws the same stream, that of each process its own
        torch.manual_seed(self._step_seed + self.processes.index * 0x9E3779B1)  # a CPU keeps the lower 32 bits alone
        parts, image, text = accumulate_gradients(
            model, volumes, [self.texts[i] for i in ids], partial(self._loss, similarity),
            chunk_size=settings.chunk_size, autocast=partial(encoders_context, model.device, settings.precision),
            scaled=self.scaler.scale, processes=self.processes,
        )  # fmt: skip
        self.scaler.step(self.optimizer)
        self.scaler.update()
        hits = (image @ text.T).argmax(1) == torch.arange(len(ids), device=model.device)
        self.step += 1
        return {
            "step": self.step,
            **{name: value.item() for name, value in parts.items()},
            "accuracy": hits.float().mean().item(),
            "logit_scale": scale,
            "rate": rate,
        }

    def _loss(self, similarity: torch.Tensor, image: torch.Tensor, text: torch.Tensor) -> dict[str, torch.Tensor]:
        parts = selip_loss(
            image, text, self.model.logit_scale, similarity,
            soft_target_weight=self.settings.soft_target_weight, include_positive=self.settings.include_positive,
        )  # fmt: skip
        if not torch.isfinite(parts["loss"]):
            raise SelipError(f"the loss is not finite at step {self.step}: lower pretraining.learning_rate_*")
        return parts

    @property
    def _step_seed(self) -> int:
        """A seed for each step, not a running generator: a resumed run draws what the uninterrupted one drew."""
        return self.seed * 1_000_003 + self.step

    def _load(self, batch: tuple[np.ndarray, np.ndarray]) -> torch.Tensor:
        """Return this process's volumes of a batch, ``(b, 1, D, H, W)`` on the CPU."""
        volumes = self.train_pairs.load(batch[0][self.processes.share(len(batch[0]))])
        return volumes.pin_memory() if self.settings.prefetch and self.model.device.type == "cuda" else volumes

    def _batch(self, rows: np.ndarray, flips: np.ndarray, volumes: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
        """Return this process's volumes, augmented and on the device, and the text ids of the whole batch."""
        share = self.processes.share(len(rows))
        volumes = volumes.to(self.model.device, non_blocking=True)
        mirrored = torch.from_numpy(flips[share]).to(volumes.device)
        volumes[mirrored] = volumes[mirrored].flip(-1)
        if self.settings.augment:
            drawn = torch.Generator().manual_seed(self._step_seed)
            volumes = augment(volumes, drawn, share=share, batch_size=len(rows))
        ids = (
            np.where(flips, self.flipped_ids[rows], self.text_ids[rows]) if self.settings.flip else self.text_ids[rows]
        )
        return volumes, ids.tolist()

    def _validate(self) -> None:
        row = {"step": self.step, **self.processes.from_main(self._validation)}
        best = max((v["mean_reciprocal_rank"] for v in self.validated), default=-1.0)
        self.validated.append(row)
        if row["mean_reciprocal_rank"] > best and self.processes.is_main:
            self.model.save_pretrained(self.directory / "best")

    def _validation(self) -> dict[str, float]:
        at_once = min(self.settings.chunk_size or 64, 64)  # who trains in chunks has no room for more
        found = validate(
            self.model, self.validation_pairs, self.train_sample, self.settings.batch_size, at_once=at_once
        )
        return {**found, **self.constant}

    def save(self) -> None:
        """Write the checkpoint ``last``: weights, optimiser, step, history. Random numbers follow from the step."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= optimizer_tensors(self.optimizer)
        state = {
            "step": self.step, "fingerprint": self.fingerprint, "scaler": self.scaler.state_dict(),
            "history": self.history, "validated": self.validated, "processes": self.processes.count,
            "execution": self.settings.model_dump(include=set(EXECUTION)),
        }  # fmt: skip
        save_checkpoint(self.directory, tensors, state)

    def resume(self) -> None:
        """Continue from the newest checkpoint, where there is one of this run; one of another run is put aside."""
        found = load_checkpoint(self.directory)
        self.processes.wait()  # until all have read it
        if found is not None and found[1]["fingerprint"] == self.fingerprint:
            self._continue_from(*found)
        elif found is not None and self.processes.is_main:
            aside = put_aside(self.directory)
            print(f"{self.directory.name}: the checkpoint is of other data, settings or code; starting from nothing, "
                  f"the old run is kept in {aside.name}")  # fmt: skip
        self.processes.start_equal(self.model, self.fingerprint, self.step)

    def _continue_from(self, tensors: dict[str, torch.Tensor], state: dict) -> None:
        weights = {n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")}
        self.model.load_state_dict(weights)
        restore_optimizer(self.optimizer, tensors)
        self.scaler.load_state_dict(state["scaler"])
        self.step, self.history, self.validated = state["step"], state["history"], state["validated"]


def plateau_exit(clip_losses: np.ndarray, batch_size: int) -> int | None:
    """Return the first step whose mean contrastive loss over the last 25 steps is under 0.95 ln(batch), or None.

    ln(batch) is the loss of a model that cannot tell the pairs of a batch apart.
    """
    smooth = pd.Series(clip_losses).rolling(PLATEAU_WINDOW).mean().to_numpy()
    left = np.flatnonzero(smooth < PLATEAU_SHARE * np.log(batch_size))
    return int(left[0]) + 1 if len(left) else None
