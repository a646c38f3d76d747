"""Two encoders that meet in one space, and which volumes they take; without files: those are of its two subclasses."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from selip_core import preprocessing
from selip_core.encoders.study import StudyFusion, check_parts, fuse_parts
from selip_core.encoders.text import TextEncoder, check_texts
from selip_core.errors import SelipError

LOGIT_SCALE_RANGE = (1.0, 100.0)


def clamped_scale(log_scale: torch.Tensor) -> torch.Tensor:
    """Return the multiplier of cosines, in `LOGIT_SCALE_RANGE`, of its logarithm."""
    low, high = LOGIT_SCALE_RANGE
    return log_scale.exp().clamp(low, high)


class DualEncoder(nn.Module):
    """Image and text encoders, their projections, and the trained temperature (method.md 2).

    It has no constructor of its own, so that it can be joined with a class that has one (transformers'): who inherits
    calls `_join` and has a `config`.

    Attributes
    ----------
    config : dict, or what can be asked like one
        With ``volume_shape`` (D, H, W); ``preprocessing`` and ``preprocessing_fingerprint`` where volumes trained it.
    """

    _study_fusion: StudyFusion | None = None

    def _join(self, image_encoder: nn.Module, text_encoder: TextEncoder, embedding_size: int) -> None:
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.image_projection = nn.Linear(image_encoder.out_features, embedding_size)
        self.text_projection = nn.Linear(text_encoder.out_features, embedding_size)
        self.log_logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    @property
    def device(self) -> torch.device:
        return self.log_logit_scale.device

    @property
    def logit_scale(self) -> torch.Tensor:
        """The multiplier of the cosines, in [1, 100]."""
        return clamped_scale(self.log_logit_scale)

    def _apply(self, *given: object, **options: object) -> "DualEncoder":
        """Move the fusion of studies along: it is no part of the weights, and else would move at its first use."""
        super()._apply(*given, **options)
        if self._study_fusion is not None:
            self._study_fusion.to(self.device)
        return self

    def encode_image(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return unit-norm features ``(B, E)`` of volumes ``(B, 1, D, H, W)`` that `preprocess` made.

        Raises
        ------
        SelipError
            If they are no tensor, or have another shape than those that the model was made for: with average pooling
            it would take them, and give wrong features.
        """
        if not isinstance(volumes, torch.Tensor):
            raise SelipError(f"volumes must be a tensor (B, 1, D, H, W), not {type(volumes).__name__}: "
                             "model.preprocess(path)[None] makes that of a file")  # fmt: skip
        expected = (1, *self.config["volume_shape"])
        if tuple(volumes.shape[1:]) != expected:
            raise SelipError(
                f"volumes (B, C, D, H, W) of shape {tuple(volumes.shape)} were given, and this model takes "
                f"(B, {', '.join(map(str, expected))}): model.preprocess(path)[None] makes that of a file"
            )
        features = self.image_projection(self.image_encoder(volumes.to(self.log_logit_scale)))
        return nn.functional.normalize(features.float(), dim=-1)

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        """Return unit-norm features ``(B, E)`` of texts, ``(0, E)`` of none.

        Raises
        ------
        SelipError
            If they are one string, which is no list of texts, or one of them is no text.
        """
        check_texts(texts)
        if not len(texts):
            return self._no_features()
        features = self.text_projection(self.text_encoder(texts))
        return nn.functional.normalize(features.float(), dim=-1)

    def _no_features(self) -> torch.Tensor:
        """Return the features ``(0, E)`` of nothing."""
        return torch.zeros(0, self.image_projection.out_features, device=self.device)

    @property
    def study_fusion(self) -> StudyFusion:
        """What makes one feature of a study's series, and of its report's sentences: their mean until it is trained."""
        return self._study_fusion or StudyFusion(self.image_projection.out_features)

    def take_study_fusion(self, fusion: StudyFusion | None) -> None:
        """Fuse studies by a trained fusion from now on; None is the mean again."""
        # past nn.Module, which would count it among the weights: a model is the same with it and without
        self.__dict__["_study_fusion"] = None if fusion is None else fusion.to(self.device).eval()

    def encode_study(self, volumes: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the unit-norm feature ``(E,)`` of a study: ``{"T1": volume, "DWI": volume}``.

        Parameters
        ----------
        volumes : mapping of sequence to (1, D, H, W)
            As `preprocess` makes them; any of `selip_core.sequences.SEQUENCES`, one of them is enough. A series of
            which no sequence is known has the empty name.

        Raises
        ------
        SelipError
            If there is no volume, a sequence is unknown, or the volumes are no tensors of the model's shape.
        """
        return self.encode_studies([volumes])[0]

    def encode_studies(self, studies: Sequence[Mapping[str, torch.Tensor]]) -> torch.Tensor:
        """Return the unit-norm features ``(N, E)`` of N studies, each as `encode_study` takes it; errors as there.

        Of no study they are ``(0, E)``.
        """
        _check_mappings(studies, "study", "{sequence: volume}")
        check_parts([list(study) for study in studies])
        if not len(studies):
            return self._no_features()
        volumes = [volume for study in studies for volume in study.values()]
        if strange := [volume for volume in volumes if not isinstance(volume, torch.Tensor)]:
            raise SelipError(f"a study's volumes must be tensors (1, D, H, W), not {type(strange[0]).__name__}: "
                             "model.preprocess(path) makes that of a file")  # fmt: skip
        shapes = {tuple(volume.shape) for volume in volumes}
        if len(shapes) > 1:
            raise SelipError(f"the volumes of these studies have several shapes {sorted(shapes)}: preprocess them all")
        features = self.encode_image(torch.stack(volumes))
        return self.fuse_series(features, [list(study) for study in studies])

    def encode_reports(self, reports: Sequence[Mapping[str, str]]) -> torch.Tensor:
        """Return the unit-norm features ``(N, E)`` of whole reports, ``(0, E)`` of none.

        Each sentence is encoded by itself and named by its sequence, so that no report is too long for the encoder.

        Parameters
        ----------
        reports : N mappings of sequence to sentence
            The empty name stands for a sentence that speaks of no sequence.

        Raises
        ------
        SelipError
            If a report has no sentence, a sequence is unknown, or these are no reports.
        """
        _check_mappings(reports, "report", "{sequence: sentence}")
        if not len(reports):
            return self._no_features()
        names = [list(report) for report in reports]
        check_parts(names)
        features = self.encode_text([sentence for report in reports for sentence in report.values()])
        return fuse_parts(self.study_fusion.text.to(features.device), features, names)

    def fuse_series(self, features: torch.Tensor, sequences: Sequence[Sequence[str]]) -> torch.Tensor:
        """Return the features ``(N, E)`` of studies from those of their series ``(P, E)``, see `fuse_parts`."""
        return fuse_parts(self.study_fusion.image.to(features.device), features, sequences)

    def forward(self, volumes: torch.Tensor, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return image features, text features and the logit scale."""
        return self.encode_image(volumes), self.encode_text(texts), self.logit_scale

    def preprocess(self, path: str | Path) -> torch.Tensor:
        """Return the model input ``(1, D, H, W)`` of a volume, on the grid that the model was trained on.

        Raises
        ------
        VolumeError
            If the volume cannot be used; the message names the file and says why.
        SelipError
            If the model does not say its grid, or this version would preprocess otherwise, see `check_preprocessing`.
        """
        return preprocessing.preprocess(path, **self.preprocessing_options())

    def preprocessing_options(self) -> dict:
        """Return the keyword arguments of `preprocess` that the model was trained with; errors as `preprocess`."""
        self.check_preprocessing()
        return {key: tuple(self.config["preprocessing"][key]) for key in preprocessing.OPTIONS}

    def check_preprocessing(self, fingerprint: str | None = None) -> None:
        """Raise SelipError unless volumes are preprocessed as those that the model was trained on.

        Parameters
        ----------
        fingerprint : str, optional
            Of the volumes, as `VolumeCache` has it; left out for those that this version is about to make.

        Raises
        ------
        SelipError
            If the model does not say its settings, or the fingerprints of its training volumes, of what this version
            makes by these settings, and of the volumes are not one. The message names them, and what to do.
        """
        options, trained = self.config.get("preprocessing"), self.config.get("preprocessing_fingerprint")
        today = preprocessing.fingerprint(options) if options else "nothing, for the model does not say its settings"
        if options and trained == today == (fingerprint or today):
            return
        volumes = f"these volumes have {fingerprint}" if fingerprint else "its volumes must have the same"
        raise SelipError(
            f"the model was trained with preprocessing {trained}, {volumes}, and this version of selip makes {today} "
            "by the model's settings: take a model that 04_pretraining trained on such volumes, run 01_data_curation "
            "with the model's settings, or use the version of selip that the model came with"
        )


def _check_mappings(given: Sequence[Mapping], what: str, form: str) -> None:
    """Raise SelipError unless these are mappings in a list: of one mapping each sequence would be one."""
    if isinstance(given, Mapping | str) or any(not isinstance(one, Mapping) for one in given):
        raise SelipError(f"each {what} must be a mapping {form}, and several of them a list")
