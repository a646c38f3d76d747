"""Untrained models and pairs of noise to time them with, and how many operations they take."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.corpora import embedded_texts

_DISTINCT_VOLUMES = 64  # more volumes than these are those again: their memory is not what is measured


def model_and_pairs(encoder: str, text: str, shape: tuple, batch: int, device: str, folder: Path):
    """Return an untrained model and pairs of noise and embedded sentences, enough distinct ones for the batch."""
    import torch

    from selip_core.datasets.pairs import Pairs, findings_of
    from selip_core.encoders.model import build_model

    texts: list[str] = []
    while len(texts) < 2 * batch:
        texts = list(dict.fromkeys(embedded_texts(max(16 * batch, 4 * len(texts)))))
    texts = texts[: 2 * batch]
    name = text if text == "small" else str(_random_bert(texts, folder / "bert"))
    torch.manual_seed(0)
    model = build_model(
        {"name": encoder, "pooling": "located" if encoder == "small" else "average", "width": 32},
        {"name": name, "max_tokens": 96 if text == "small" else 256},
        volume_shape=shape, embedding_size=512, vocabulary_texts=texts,
    ).to(device)  # fmt: skip
    count = min(len(texts), _DISTINCT_VOLUMES)
    volumes = np.random.default_rng(0).standard_normal((count, 1, *shape), dtype=np.float32).astype(np.float16)
    names = [f"p{i}" for i in range(len(texts))]
    return model, Pairs(volumes, np.arange(len(texts)) % count, findings_of(texts), names, ["T1"] * len(texts))


def _random_bert(texts: list[str], folder: Path) -> Path:
    """Write a text encoder of the size of hfl/chinese-bert-wwm with random weights; return its folder."""
    from transformers import BertConfig, BertModel

    from selip_core.encoders.text import character_tokenizer

    BertModel(BertConfig(vocab_size=21128), add_pooling_layer=False).save_pretrained(folder)
    character_tokenizer(texts).save_pretrained(folder)
    return folder


def operations(*, encoder: str, text: str, shape: tuple[int, int, int], batch: int) -> dict:
    """Count the operations of a pair without computing its image part: any size on any machine.

    Returns
    -------
    dict
        ``tflop_a_pair``, forward and backward, and of it ``tflop_image_forward``, the forward pass of the image;
        ``parameters``, how many numbers are trained.
    """
    import torch

    with tempfile.TemporaryDirectory() as folder:
        model, pairs = model_and_pairs(encoder, text, shape, batch, "cpu", Path(folder))
    model.train()
    text_part = _text_flops(model, pairs.texts[:batch])
    model.to("meta")
    volumes = torch.empty(2, 1, *shape, device="meta")
    image = counted_flops(lambda: model.encode_image(volumes).sum().backward()) / 2
    with torch.no_grad():
        forward = counted_flops(lambda: model.encode_image(volumes)) / 2
    return {
        "what": "operations of a pair", "encoder": encoder, "text": text, "shape": "×".join(map(str, shape)),
        "batch": batch, "tflop_a_pair": (image + text_part) / 1e12, "tflop_image_forward": forward / 1e12,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }  # fmt: skip


def flops_a_pair(model, pairs, batch: int) -> float:
    """Count the floating-point operations of one pair, forward and backward, padding of its batch's texts included."""
    model.train()
    image = counted_flops(lambda: model.encode_image(pairs.load(np.arange(2))).sum().backward())
    text = _text_flops(model, pairs.texts[:batch])
    model.zero_grad(set_to_none=True)
    return image / 2 + text


def _text_flops(model, texts: list[str]) -> float:
    """Count the operations of one text, forward and backward: of the longest, as the batch is padded to its length."""
    longest = max(texts, key=len)
    return counted_flops(lambda: model.encode_text([longest, longest]).sum().backward()) / 2


def counted_flops(work: Callable[[], object]) -> int:
    """Return the floating-point operations that torch counts while some work is done."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counted:
        work()
    return counted.get_total_flops()
