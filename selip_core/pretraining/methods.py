"""What CLIP, SeLIP and the variants of the ablation are, and where their models lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from selip_core.config import PretrainingSettings


@dataclass(frozen=True)
class Method:
    """A way of pretraining: a name, and what it changes in the settings of a profile.

    Parameters
    ----------
    name : str
    changes : mapping of str to value
        Fields of `selip_core.config.PretrainingSettings`; a profile's own values stand for SeLIP.
    """

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def settings(self, profile: PretrainingSettings) -> PretrainingSettings:
        """Return the settings of a profile with this method's changes, checked."""
        return PretrainingSettings(**{**profile.model_dump(), **self.changes})


SHARP = {"matching": "best", "site_weight": 0.9, "site_match": "graded", "similarity_power": 2.0}
"""Soft targets of which the site decides (method.md 3).

# Choice: best matching, site weight 0.9 and power 2 were the best of six tried before, on other draws of the embedded
# cohort. With near sites all of eight measures rose once more on its validation patients (1,000 training patients, 800
# steps, one seed). There, seeds 0 and 1 against CLIP: mean reciprocal rank 0.235 and 0.236 (0.161 and 0.162), findings
# recall@10 0.347 and 0.333 (0.318 and 0.331), F1 of the first side and site 0.333 and 0.324 (0.305 and 0.303).
"""

VARIANTS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("CLIP", {"soft_target_weight": 0.0}),
        Method("SeLIP"),
        Method("label smoothing", {**SHARP, "similarity": "even"}),
        Method("sharp SeLIP", SHARP),
        Method("syntax only", {"similarity": "syntax"}),
        Method("semantics only", {"similarity": "semantic"}),
        Method("best matching", {"matching": "best"}),
        Method("site weight 0.9", {"site_weight": 0.9}),
        Method("power 2", {"similarity_power": 2.0}),
        Method("information content", {"information": True}),
        Method("near sites", {"site_match": "graded"}),
        Method("without the diagonal", {"include_positive": False}),
        Method("label smoothing as SeLIP", {"similarity": "even"}),
        Method("fixed temperature", {"train_logit_scale": False}),
    )
}
"""Every way of pretraining by its name: the four that are compared, and those of the ablation, each of which changes
one thing in SeLIP. Label smoothing is of the strength of sharp SeLIP, row by row; ``as SeLIP`` of SeLIP's."""

PRETRAINED = ("CLIP", "SeLIP", "label smoothing", "sharp SeLIP")
"""What ``04_pretraining`` trains, in each of the profile's seeds."""

CONTROL = "label smoothing"
"""Softer targets of which no report decides: it tells what of a gain is softness alone."""

COMPARED = ("scratch", *PRETRAINED)
"""The comparison: the untrained start of each seed, and what each way of pretraining has made of it."""

SHOWN_AS = {"scratch": "untrained"}
"""What a reader is told of a method by another word than tables use."""

PAIRS = (
    ("scratch", "CLIP"), ("scratch", "SeLIP"), ("scratch", "sharp SeLIP"), ("CLIP", "SeLIP"), ("CLIP", "sharp SeLIP"),
    ("label smoothing", "sharp SeLIP"),
)  # fmt: skip
"""First and second of each comparison: the difference is the second less the first."""

SOFT_PAIRS = tuple(pair for pair in PAIRS if "scratch" not in pair)
"""The comparisons between ways of pretraining, the paper's first."""


def start_folder(models: Path, seed: int) -> Path:
    """Return where the untrained model of a seed lies, in the folder of the models of ``04_pretraining``."""
    return Path(models) / f"start_seed{seed}"


def run_folder(models: Path, method: str, seed: int) -> Path:
    """Return where the run of a method lies: its checkpoints, and the model ``best``."""
    return Path(models) / f"{method.replace(' ', '_')}_seed{seed}"


def trained_models(models: Path) -> dict[str, Path]:
    """Return the trained models in the folder of the models of ``04_pretraining``, each by the name of its run.

    Runs that were put aside (``SeLIP_seed0.previous-1``) are not among them.
    """
    found = sorted(Path(models).glob("*/best"))
    return {path.parent.name: path for path in found if ".previous-" not in path.parent.name}


def model_folders(pretraining: Path, seeds: list[int]) -> dict[tuple[str, int], Path]:
    """Return the folder of each compared method's model by (method, seed), in the results of ``04_pretraining``."""
    models = Path(pretraining) / "models"
    return {
        (method, seed): start_folder(models, seed) if method == "scratch" else run_folder(models, method, seed) / "best"
        for seed in seeds
        for method in COMPARED
    }
