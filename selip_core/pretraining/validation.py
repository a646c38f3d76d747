"""How a model does while it trains: retrieval on the validation patients, and the loss on both sides of the split."""

import numpy as np
import torch

from selip_core.datasets.pairs import Pairs, text_numbers
from selip_core.encoders.inference import encode_series, encode_texts
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.losses import selip_loss
from selip_core.metrics.retrieval import ranks_of_hits
from selip_core.metrics.yardsticks import carried_by_sequence, constant_answers, percentile_among
from selip_core.pretraining.sampler import UniqueTextSampler

NOTHING_TO_EVALUATE = (
    "no {} patient has a series that its report describes: add patients, give another split in splits.csv, or look at "
    "02_report_findings for what the reports were read as"
)


def encode_pairs(
    model: SelipModel, pairs: Pairs, texts: list[str] | None = None, batch_size: int = 64
) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Return image features (n, E), features of the texts (t, E) and these texts, on the CPU.

    `texts` are the distinct texts of the pairs where left out; `batch_size` volumes are encoded at a time.
    """
    if not len(pairs):
        raise SelipError(NOTHING_TO_EVALUATE.format("evaluation"))
    texts = list(dict.fromkeys(pairs.texts)) if texts is None else texts
    image, text = encode_series(model, pairs.volumes, pairs.rows, batch_size), encode_texts(model, texts)
    return torch.from_numpy(image), torch.from_numpy(text), texts


def validate(
    model: SelipModel, validation: Pairs, train_sample: Pairs, batch_size: int, *, at_once: int = 64
) -> dict[str, float]:
    """Return how a model does on validation pairs, and the gap to training pairs.

    It encodes `at_once` volumes together.

    Returns
    -------
    dict with ``recall_at_10``, ``mean_reciprocal_rank`` and ``chance_at_10`` of image to text among the distinct texts
    of the validation patients; ``findings_recall_at_10`` of the images with findings alone (NaN without any) and
    ``percentile`` of the own text among those of the image's sequence (0.5 by guessing; more for who knows which are
    frequent); ``loss`` and ``train_loss``: the contrastive loss in batches of one size, without augmentation, in nats.
    What needs no volume to be right, `constant_retrieval`, stands beside them in a run's table.
    """
    image, text, texts = encode_pairs(model, validation, batch_size=at_once)
    of_image = text_numbers(validation, texts)
    found = {**_retrieval(image @ text.T, of_image, validation), "chance_at_10": min(10 / len(texts), 1.0)}
    train_image, train_text, train_texts = encode_pairs(model, train_sample, batch_size=at_once)
    batch_size = min(batch_size, len(texts), len(train_texts))
    scale = model.logit_scale.item()
    found["loss"] = _contrastive_loss(image, text, of_image, scale, batch_size)
    found["train_loss"] = _contrastive_loss(
        train_image, train_text, text_numbers(train_sample, train_texts), scale, batch_size
    )
    return found


def constant_retrieval(validation: Pairs, train: Pairs, *, flip: bool) -> dict[str, float]:
    """Return what the constant answer reaches on the validation pairs, over the order of its ties.

    Parameters
    ----------
    flip : bool
        Whether training shows mirror images too.

    Returns
    -------
    dict with ``constant_at_10`` and ``constant_percentile``: what `validate` calls ``recall_at_10``, ``percentile``
    """
    texts = list(dict.fromkeys(validation.texts))
    answers = constant_answers(validation.sequences, texts, *train.shown(flip=flip))
    found = [_retrieval(scores, text_numbers(validation, texts), validation) for scores in answers]
    names = {"constant_at_10": "recall_at_10", "constant_percentile": "percentile"}
    return {name: float(np.mean([one[of] for one in found])) for name, of in names.items()}


def sample_of_pairs(pairs: Pairs, size: int) -> Pairs:
    """Return `size` of the pairs, or all where there are fewer; always the same ones."""
    picked = np.sort(np.random.default_rng(0).permutation(len(pairs))[:size])
    return pairs.take(picked)


def _retrieval(cosines: torch.Tensor, of_image: np.ndarray, pairs: Pairs) -> dict[str, float]:
    """Return recall@10, of all and of images with findings, mean reciprocal rank and percentile of cosines (n, t)."""
    if not torch.isfinite(cosines).all():
        raise SelipError("the model's features are not finite: lower pretraining.learning_rate_*")
    carries = torch.from_numpy(of_image)[:, None] == torch.arange(cosines.shape[1])
    ranks = ranks_of_hits(cosines, carries)  # ties count against the model, as they do on the test patients
    some = torch.tensor([len(findings) > 0 for findings in pairs.findings])
    among = carried_by_sequence(carries, pairs.sequences)
    return {
        "recall_at_10": (ranks <= 10).float().mean().item(),
        "findings_recall_at_10": (ranks[some] <= 10).float().mean().item(),
        "percentile": percentile_among(cosines, torch.from_numpy(of_image), among).nanmean().item(),
        "mean_reciprocal_rank": (1 / ranks.float()).mean().item(),
    }


def _contrastive_loss(image, text, of_image: np.ndarray, scale: float, batch_size: int) -> float:
    """Return the mean contrastive loss over batches without a repeated text; NaN where no batch can be filled."""
    if batch_size < 2:
        return float("nan")
    batches = UniqueTextSampler(of_image, None, batch_size=batch_size, seed=0).epoch(0)
    losses = [
        selip_loss(image[rows], text[of_image[rows]], scale, torch.eye(len(rows)), 0.0)["clip"].item()
        for rows, _ in batches
    ]
    return float(np.mean(losses))
