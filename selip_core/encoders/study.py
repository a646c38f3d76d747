"""One feature for a whole study: those of its series, or of the sentences of its report, fused (method.md 2)."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import nn

from selip_core._utils.files import replacing, writing
from selip_core._utils.hashing import file_digest
from selip_core.errors import SelipError
from selip_core.sequences import SEQUENCES, TABLE

FUSION = "study_fusion.safetensors"
"""The part of a model's folder that a study's fusion is; without it the mean of the series stands for a study."""

USUAL = tuple(name for name in SEQUENCES if not TABLE[name].indicated)
"""The sequences that studies are fused and compared by.

# Choice: what is acquired on suspicion tells by being there. One study in fourteen of the embedded cohort has T1ce, and
few reports speak of it: who knows no more than that is near the right one.
"""

UNNAMED = ""
"""In place of a sequence that is not known, or of a sentence that names none."""


class SeriesFusion(nn.Module):
    """Attention over the parts of a study, each with the embedding of its sequence; missing ones are masked.

    # Choice: one query and one vector a sequence, no more. The features of training patients are better than those of
    others, and what has more weights learns that. Attention with projections of its own (64 dimensions, residual) was
    as good at its best on 147 validation studies with findings of the embedded cohort (sharp SeLIP, findings recall@10
    0.67 and mean reciprocal rank 0.35; this one 0.67 and 0.34, the mean 0.62 and 0.31), and fell to 0.63 and 0.33 by
    step 400, where this one stayed.

    Before it is trained all of it is 0, and what comes out is the mean of the parts, brought back to unit norm.

    Parameters
    ----------
    sequences : iterable of str
        Those with an embedding of their own; others count by their features alone.
    size : int
        E.
    """

    def __init__(self, sequences: Iterable[str], size: int):
        super().__init__()
        self.sequences = tuple(sequences)
        others = len(self.sequences)
        self.embedding = nn.Embedding(others + 1, size, padding_idx=others)
        self.query = nn.Parameter(torch.zeros(size))
        nn.init.zeros_(self.embedding.weight)

    def ids(self, names: Iterable[str]) -> list[int]:
        """Return the number of each sequence's embedding; that of all others is the last."""
        number = {name: i for i, name in enumerate(self.sequences)}
        return [number.get(name, len(self.sequences)) for name in names]

    def forward(self, features: torch.Tensor, ids: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Return unit-norm features ``(N, E)``.

        Parameters
        ----------
        features : (N, S, E), unit norm where present
        ids : (N, S) int64
            As `ids` returns them.
        present : (N, S) bool
            At least one True a row. What stands in the other places changes nothing.
        """
        parts = features.masked_fill(~present[..., None], 0) + self.embedding(ids)
        weights = (parts @ self.query).masked_fill(~present, -torch.inf).softmax(dim=1)  # (N, S)
        return nn.functional.normalize((weights[..., None] * parts).sum(dim=1), dim=-1)


class StudyFusion(nn.Module):
    """The fusions of a study's series and of its report's sentences; without training, the mean of either.

    Parameters
    ----------
    size : int
        E.
    sequences : iterable of str
        As `SeriesFusion` takes them.
    """

    def __init__(self, size: int, sequences: Iterable[str] = ()):
        super().__init__()
        self.image, self.text = SeriesFusion(sequences, size), SeriesFusion(sequences, size)

    @property
    def sequences(self) -> tuple[str, ...]:
        return self.image.sequences


def fuse_parts(fusion: SeriesFusion, features: torch.Tensor, names: Sequence[Sequence[str]]) -> torch.Tensor:
    """Return the features ``(N, E)`` of studies whose parts stand one study after another.

    Parameters
    ----------
    features : (P, E), unit norm
    names : N sequences of str
        The sequence of each part of each study, P in all; `UNNAMED` where it is not known.

    Raises
    ------
    SelipError
        If a study has no part, or a sequence is unknown.
    """
    check_parts(names)
    lengths = torch.tensor([len(parts) for parts in names])
    padded = nn.utils.rnn.pad_sequence(features.split(lengths.tolist()), batch_first=True)  # (N, S, E)
    ids = [torch.tensor(fusion.ids(parts)) for parts in names]
    ids = nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=len(fusion.sequences))
    present = torch.arange(padded.shape[1]) < lengths[:, None]
    return fusion(padded, ids.to(features.device), present.to(features.device))


def check_parts(names: Sequence[Sequence[str]]) -> None:
    """Raise SelipError if a study has no part, or one of an unknown sequence."""
    for number, parts in enumerate(names):
        if not len(parts):
            raise SelipError(f"study {number} has no series: give at least one of {', '.join(SEQUENCES)}")
        if unknown := [name for name in parts if name not in (*SEQUENCES, UNNAMED)]:
            raise SelipError(f"study {number} has a sequence {unknown[0]!r}: known are {', '.join(SEQUENCES)}")


def write_fusion(folder: Path, fusion: StudyFusion, weights: Path) -> None:
    """Write a trained fusion into a model's folder, bound to its file of `weights`.

    Raises
    ------
    SelipError
        If it cannot be written.
    """
    from safetensors.torch import save_file

    told = {"format": "pt", "sequences": json.dumps(fusion.sequences), "weights": file_digest(weights)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in fusion.state_dict().items()}
    with replacing(folder / FUSION) as partial:
        save_file(tensors, partial, metadata=told)
        partial.chmod(weights.stat().st_mode)  # safetensors lets none but the owner read


def remove_fusion(folder: Path) -> None:
    """Remove the fusion of a folder whose model is about to change; raise SelipError if that may not be."""
    with writing(folder / FUSION):
        (folder / FUSION).unlink(missing_ok=True)


def read_fusion(path: Path, weights: Path, size: int) -> StudyFusion:
    """Return the fusion that `write_fusion` wrote.

    Parameters
    ----------
    path, weights : Path
        Its file, and that of the weights it was trained with.
    size : int
        E of the model.

    Raises
    ------
    SelipError
        If it is damaged, of another size, or was trained with other weights.
    """
    from safetensors import safe_open

    remedy = "copy the model's folder again, or remove that file: the mean of a study's series then stands for it"
    try:
        with safe_open(path, "pt") as file:
            told, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        fusion = StudyFusion(size, json.loads(told["sequences"]))
        fusion.load_state_dict(tensors)
    except Exception as error:  # safetensors raises its own types, and any of it may be missing
        cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SelipError(f"{path} is no fusion of {size} numbers, or is damaged ({cause}): {remedy}") from None
    if told.get("weights") != file_digest(weights):
        raise SelipError(f"{path} was trained with other weights than {weights.name} beside it: {remedy}")
    return fusion.eval()
