"""Settings: typed, frozen, validated; and the four profiles."""

from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from selip_core.errors import SelipError

PROFILES = ("smoke", "demo", "study", "paper")

EMBEDDED_SOURCE = "embedded synthetic cohort"
"""Where data come from that this project has made: figures, tables and models say so."""

ImageEncoderName = Literal["small", "resnet50"]
"""The image encoders there are; `selip_core.encoders.image.TRUNKS` builds them."""

Pooling = Literal["average", "attention", "located"]
"""What turns an image encoder's feature map into one vector."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortSettings(_Settings):
    """The embedded cohort, and how patients are split."""

    patients: int = Field(900, ge=12, description="patients of the embedded cohort")
    frequencies: Literal["clinical", "uniform"] = "clinical"
    validation_fraction: float = Field(0.12, gt=0, lt=0.5)
    test_fraction: float = Field(0.2, gt=0, lt=0.5)


class PreprocessingSettings(_Settings):
    """Raw volume to model input (method.md 1). Order of axes is (D, H, W): through-plane, anterior, right."""

    spacing_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (8.0, 4.0, 4.0)
    shape: tuple[PositiveInt, PositiveInt, PositiveInt] = (16, 48, 40)
    clip_percentiles: tuple[float, float] = (0.1, 99.9)

    @field_validator("clip_percentiles")
    @classmethod
    def _low_before_high(cls, ends: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= ends[0] < ends[1] <= 100:
            raise ValueError("must be (low, high) with 0 <= low < high <= 100")
        return ends


class ImageEncoderSettings(_Settings):
    name: ImageEncoderName = "small"
    pooling: Pooling = "located"
    width: int = Field(32, ge=4)
    blocks: int = Field(1, ge=1, le=64, description="residual blocks of the small network")
    templates: bool = Field(True, description="see each voxel in deviations from the training volumes of its sequence")


class TextEncoderSettings(_Settings):
    name: str = Field("small", description="'small', a local folder, or a hub name such as hfl/chinese-bert-wwm")
    max_tokens: int = Field(96, ge=8, le=512)
    warm_start_steps: int = Field(300, ge=0, description="steps on masked words; twice as many on [CLS]")


class PretrainingSettings(_Settings):
    batch_size: int = Field(32, ge=2)
    steps: int = Field(700, ge=1)
    warmup_steps: int = Field(50, ge=0)
    learning_rate_image: float = Field(1e-3, gt=0)
    learning_rate_text: float = Field(5e-4, gt=0)
    decay_power: float = Field(0.9, ge=0)
    soft_target_weight: float = Field(1.0, ge=0, description="weight of SeLIP's term; CLIP is the same run with 0")
    similarity: str = Field("mixed", description="of the soft targets: a kind that `selip_core.similarity` knows")
    matching: str = Field("mean", description="of the findings of two reports: one that `selip_core.similarity` knows")
    site_weight: float = Field(0.5, ge=0, le=1, description="of the site in the semantic part; the rest is the tag's")
    similarity_power: float = Field(1.0, gt=0, description="exponent of the similarity: above 1 sharpens the targets")
    site_match: str = Field("equal", description="of two sites: one that `selip_core.similarity` knows")
    information: bool = Field(False, description="a match of site or tag counts by how rare it is in training")
    syntax_unit: str = Field("auto", description="of wording: auto (by language), characters, words or bigrams")
    include_positive: bool = True
    train_logit_scale: bool = True
    flip: bool = Field(True, description="mirror the volume and swap 左侧/右侧 in its text, half of the time")
    both_sides: bool = Field(False, description="a pair and its mirror image in a batch together, where a side is told")
    augment: bool = True
    validate_every: int = Field(100, ge=1, description="steps")
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    embedding_size: int = Field(512, ge=8)
    chunk_size: int | None = Field(None, ge=1, description="volumes encoded at once; none: a process's whole share")
    channels_last: bool = Field(False, description="weights and maps of the image encoder with channels innermost")
    compile: bool = Field(False, description="torch.compile of both encoders")
    checkpointing: bool = Field(False, description="recompute activations in the backward pass instead of keeping them")
    prefetch: int = Field(0, ge=0, description="batches read ahead by a background thread, into pinned memory on CUDA")


EXECUTION = ("chunk_size", "channels_last", "compile", "checkpointing", "prefetch")
"""Pretraining settings that say how a step is computed, not what: a run may be continued under others."""


class StudyFusionSettings(_Settings):
    """Of the fusion of a study's series, which is trained on features that stay as they are."""

    steps: int = Field(400, ge=1)
    batch_size: int = Field(64, ge=2)
    learning_rate: float = Field(1e-2, gt=0)
    left_out: float = Field(0.3, ge=0, lt=1, description="of the series of a training study, at random in each step")
    validate_every: int = Field(50, ge=1, description="steps")


class RetrievalSettings(_Settings):
    top_k: tuple[int, ...] = (1, 5, 10)


class StatisticsSettings(_Settings):
    """Of every interval, whatever it is of."""

    bootstrap_samples: int = Field(1000, ge=100, description="samples of the patients, drawn from the run's seed")


class ClassificationSettings(_Settings):
    fractions: tuple[float, ...] = Field((0.01, 0.05, 0.1, 1.0), description="shares of the training patients")
    fewest_patients: int = Field(10, ge=2, description="with and without a label, in training and test, to score it")
    fine_tuning_steps: int = Field(100, ge=1)
    fine_tuning_batch_size: int = Field(32, ge=2)
    fine_tuning_rate: float = Field(5e-4, gt=0)
    brats_patients: tuple[int, int] = Field((60, 36), description="HGG and LGG of the embedded BraTS cohort")
    brats_steps: int = Field(300, ge=1, description="the paper: 50 epochs of 50 steps")
    brats_batch_size: int = Field(6, ge=2, description="half HGG, half LGG")
    brats_rate: float = Field(5e-4, gt=0)


class SegmentationSettings(_Settings):
    fractions: tuple[float, ...] = Field((0.1, 1.0), description="shares of the training patients")
    sequences: dict[str, tuple[str, ...]] = Field(
        {"tumour": ("FLAIR", "T1"), "infarct": ("DWI",)}, description="the series of each target; FLAIR for others"
    )
    brats_sequences: tuple[str, ...] = ("FLAIR", "T1ce")
    steps: int = Field(150, ge=1)
    batch_size: int = Field(4, ge=1)
    learning_rate: float = Field(5e-3, gt=0)


class AblationSettings(_Settings):
    variants: tuple[str, ...] | Literal["all"] = Field(
        (), description="beside those that 04_pretraining has trained: of those in pretraining.methods"
    )
    variant_seeds: int = Field(1, ge=1, description="runs of each such variant, at most those of the profile")
    fractions: tuple[float, ...] = Field((), description="shares of the training patients, smaller than 1")
    fraction_seeds: int = Field(1, ge=1, description="runs of each method on each share, at most those of the profile")
    fraction_steps: float = Field(0.5, ge=0, le=1, description="a share takes steps * share ** this many steps")
    fewest_steps: int = Field(200, ge=1, description="of a share, if a run on all patients has as many")
    curve_segmentation: tuple[float, ...] = Field((), description="of the fractions: where segmentation is tried too")

    @model_validator(mode="after")
    def _curve_is_of_the_fractions(self):
        if other := set(self.curve_segmentation) - set(self.fractions):
            raise ValueError(f"curve_segmentation has {min(other)}, which is none of the fractions")
        return self


class ExternalSettings(_Settings):
    """Of real data that the user gives (``11_external_validation``)."""

    fractions: tuple[float, ...] = Field((0.05, 0.1, 0.25, 1.0), description="shares of the training patients")
    seeds: int = Field(2, ge=1, description="draws of patients and decoders for each pretrained model")
    # Choice: on real heads, all training patients, the Dice was 0.645 after 100 steps and 0.709 after 400 (method.md 6)
    segmentation_steps: int = Field(400, ge=1)
    fine_tuning_steps: int = Field(60, ge=1)
    pretraining_steps: int = Field(200, ge=1, description="on the real patients of a fold")
    reports: int = Field(800, ge=20, description="coded reports of which all pairs are compared")


class Settings(_Settings):
    """Everything a run depends on, besides the data and the device."""

    profile: str
    n_seeds: int = Field(1, ge=1, description="pretraining runs of each method, seeds seed, seed+1, ...")
    cohort: CohortSettings = CohortSettings()
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    image_encoder: ImageEncoderSettings = ImageEncoderSettings()
    text_encoder: TextEncoderSettings = TextEncoderSettings()
    pretraining: PretrainingSettings = PretrainingSettings()
    study_fusion: StudyFusionSettings = StudyFusionSettings()
    statistics: StatisticsSettings = StatisticsSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    classification: ClassificationSettings = ClassificationSettings()
    segmentation: SegmentationSettings = SegmentationSettings()
    ablation: AblationSettings = AblationSettings()
    external: ExternalSettings = ExternalSettings()


_WITH_TEMPLATES = {"augment": False, "both_sides": True, "channels_last": True}
"""# Choice: what is warped or changed in intensity lies off the templates, and looks unusual all over. On validation
patients of the embedded cohort (1,000 training patients, 800 steps) the paper's augmentation brought the mean
reciprocal rank from 0.161 to 0.126. Both sides in a batch: on those of the demo (900 steps, one seed, CLIP) findings
recall@10 rose from 0.555 to 0.592, and F1 of side and site, first five, from 0.396 to 0.418. Channels innermost: the
gradient of a convolution's weights takes a CPU two thirds of the time, a step 0.39 s and not 0.46 (one core). Encoding
alone takes a third longer so, which is why fine-tuning, half of it validation, does without."""

_QUICK = {"steps": 600, "learning_rate_image": 1.5e-3, "learning_rate_text": 7.5e-4}
"""# Choice: of the demo, whose time is short. On its validation patients (1,600 patients, one seed, SeLIP, which reads
the image worst) the percentile in the own sequence is 0.873 and the AUC of normal or findings 0.912; after 900 steps at
1e-3 the percentile is 0.886; after 450 both are 0.859 and 0.891, at 2e-3 0.861 and 0.898; after 600 of 24 pairs 0.861
and 0.907; on three quarters of the patients 0.850 and 0.880: what a patient takes to make is well spent. Segmentation
is tried with all masks alone, as in the study: a tenth of them took another five minutes."""

_PROFILES: dict[str, dict] = {
    "smoke": {
        "cohort": {"patients": 60},
        "text_encoder": {"warm_start_steps": 20},
        "image_encoder": {"width": 16},
        "pretraining": {
            "batch_size": 16, "steps": 30, "warmup_steps": 5, "validate_every": 15, "embedding_size": 64,
            **_WITH_TEMPLATES,
        },
        "study_fusion": {"steps": 20, "batch_size": 16, "validate_every": 10},
        "statistics": {"bootstrap_samples": 200},
        "classification": {
            "fractions": (0.1, 1.0),
            "fewest_patients": 3,
            "fine_tuning_steps": 6,
            "brats_patients": (10, 10),
            "brats_steps": 6,
        },
        "segmentation": {"fractions": (1.0,), "steps": 8},
        "ablation": {"variants": ("semantics only",), "fractions": (0.25,), "fewest_steps": 10},
        "external": {
            "fractions": (0.5, 1.0), "seeds": 1, "segmentation_steps": 4, "fine_tuning_steps": 4,
            "pretraining_steps": 6, "reports": 60,
        },
    },
    "demo": {
        "cohort": {"patients": 1600},
        "pretraining": {**_QUICK, "validate_every": 300, **_WITH_TEMPLATES},
        "classification": {
            "fractions": (0.05, 1.0),
            "brats_patients": (30, 20),
            "fine_tuning_steps": 60,
            "brats_steps": 100,
        },
        "segmentation": {"fractions": (1.0,), "steps": 80},
        "external": {"seeds": 1, "segmentation_steps": 100, "fine_tuning_steps": 30, "pretraining_steps": 150},
    },
    "study": {
        "n_seeds": 3,
        "cohort": {"patients": 3000},
        "pretraining": {"steps": 900, "validate_every": 300, **_WITH_TEMPLATES},
        "classification": {"fractions": (0.1, 1.0), "fine_tuning_steps": 60, "brats_steps": 150},
        "segmentation": {"fractions": (1.0,), "steps": 80},
        "external": {"seeds": 1, "reports": 1500},
        "ablation": {
            "fractions": (0.0625, 0.125, 0.25, 0.5),
            "fraction_steps": 1.0,
            "fewest_steps": 300,
            "curve_segmentation": (0.125,),
        },
    },
    "paper": {
        "n_seeds": 3,
        "classification": {
            "fine_tuning_steps": 2500,
            "fine_tuning_rate": 1e-4,
            "brats_steps": 2500,
            "brats_patients": (60, 36),
        },
        "segmentation": {"fractions": (0.01, 0.05, 0.1, 1.0), "steps": 2500, "batch_size": 2, "learning_rate": 1e-4},
        "ablation": {
            "variants": "all",
            "variant_seeds": 3,
            "fractions": (0.0625, 0.125, 0.25, 0.5),
            "fraction_seeds": 3,
            "curve_segmentation": (0.0625, 0.125, 0.25, 0.5),
        },
        "external": {"seeds": 1, "segmentation_steps": 2500, "fine_tuning_steps": 2500, "pretraining_steps": 2500},
        "preprocessing": {"spacing_mm": (6.0, 0.9, 0.9), "shape": (24, 256, 256)},
        "image_encoder": {"name": "resnet50", "pooling": "average", "templates": False},
        "text_encoder": {"name": "hfl/chinese-bert-wwm", "max_tokens": 256, "warm_start_steps": 0},
        "pretraining": {
            "batch_size": 64,
            "steps": 30000,
            "warmup_steps": 5000,
            "learning_rate_image": 1e-4,
            "learning_rate_text": 5e-5,
            "validate_every": 250,
            "precision": "bfloat16",
            "embedding_size": 512,
        },
    },
}


def get_settings(profile: str, **overrides: dict) -> Settings:
    """Return the settings of a profile, with sections overridden: ``get_settings("demo", pretraining={"steps": 10})``.

    Raises
    ------
    SelipError
        If the profile or a key is unknown, or a value is out of range; the message names it.
    """
    if profile not in _PROFILES:
        raise SelipError(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}")
    values = {key: dict(value) if isinstance(value, dict) else value for key, value in _PROFILES[profile].items()}
    for section, change in overrides.items():
        values[section] = {**values.get(section, {}), **change} if isinstance(change, dict) else change
    try:
        return Settings(profile=profile, **values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))} = {e.get('input')!r}: {e['msg']}" for e in error.errors()]
        raise SelipError(f"settings of profile {profile!r}: " + "; ".join(lines)) from None
