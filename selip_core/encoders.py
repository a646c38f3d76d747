"""The SeLIP model: an image encoder and a text encoder that meet in one space."""

import json
import math
from pathlib import Path

import torch
from torch import nn

from selip_core.errors import SelipError
from selip_core.image_encoders import build_image_encoder
from selip_core.text_encoders import TextEncoder, character_tokenizer, hub_bert, small_bert

LOGIT_SCALE_RANGE = (1.0, 100.0)
_CONFIG, _WEIGHTS, _TEXT = "config.json", "model.safetensors", "text_encoder"


class SelipModel(nn.Module):
    """Image and text encoders, their projections, and the trained temperature (METHOD 2).

    Parameters
    ----------
    image_encoder, text_encoder : modules with ``out_features``
    embedding_size : int
        E, the size of the shared space.
    config : dict
        What `from_pretrained` needs to build the model again: ``image_encoder``, ``text_encoder``, ``embedding_size``,
        ``volume_shape``, and what the caller adds (preprocessing settings and fingerprint, data source).
    """

    def __init__(self, image_encoder: nn.Module, text_encoder: TextEncoder, *, embedding_size: int, config: dict):
        super().__init__()
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.image_projection = nn.Linear(image_encoder.out_features, embedding_size)
        self.text_projection = nn.Linear(text_encoder.out_features, embedding_size)
        self.log_logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.config = config

    @property
    def device(self) -> torch.device:
        return self.log_logit_scale.device

    @property
    def logit_scale(self) -> torch.Tensor:
        """The multiplier of the cosines, in [1, 100]."""
        low, high = LOGIT_SCALE_RANGE
        return self.log_logit_scale.exp().clamp(low, high)

    def encode_image(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return unit-norm features ``(B, E)`` of preprocessed volumes ``(B, 1, D, H, W)``."""
        features = self.image_projection(self.image_encoder(volumes.to(self.device)))
        return nn.functional.normalize(features.float(), dim=-1)

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        """Return unit-norm features ``(B, E)`` of texts."""
        features = self.text_projection(self.text_encoder(texts))
        return nn.functional.normalize(features.float(), dim=-1)

    def forward(self, volumes: torch.Tensor, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return image features, text features and the logit scale."""
        return self.encode_image(volumes), self.encode_text(texts), self.logit_scale

    def save_pretrained(self, directory: str | Path) -> Path:
        """Write weights (safetensors), ``config.json`` and the tokenizer into `directory`; return it."""
        from safetensors.torch import save_file

        directory = Path(directory)
        (directory / _TEXT).mkdir(parents=True, exist_ok=True)
        self.text_encoder.tokenizer.save_pretrained(directory / _TEXT)
        self.text_encoder.bert.config.save_pretrained(directory / _TEXT)
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        partial = directory / f"{_WEIGHTS}.partial"
        save_file(weights, partial)
        partial.replace(directory / _WEIGHTS)
        partial = directory / f"{_CONFIG}.partial"
        partial.write_text(json.dumps(self.config, indent=2, ensure_ascii=False), encoding="utf-8")
        partial.replace(directory / _CONFIG)
        return directory

    @classmethod
    def from_pretrained(cls, directory: str | Path, *, device: str = "cpu") -> "SelipModel":
        """Return the model that `save_pretrained` wrote.

        Raises
        ------
        SelipError
            If the folder does not hold a whole SeLIP model, or its weights do not fit its configuration.
        """
        from safetensors.torch import load_file
        from transformers import AutoConfig, AutoModel, AutoTokenizer

        directory = Path(directory)
        missing = [name for name in (_CONFIG, _WEIGHTS, _TEXT) if not (directory / name).exists()]
        if missing:
            raise SelipError(f"{directory} is not a SeLIP model: {', '.join(missing)} missing")
        config = json.loads((directory / _CONFIG).read_text(encoding="utf-8"))
        bert_config = AutoConfig.from_pretrained(directory / _TEXT)
        bert = AutoModel.from_config(bert_config, add_pooling_layer=False)
        tokenizer = AutoTokenizer.from_pretrained(directory / _TEXT)
        model = cls._assemble(TextEncoder(tokenizer, bert, max_tokens=config["text_encoder"]["max_tokens"]), config)
        try:
            model.load_state_dict(load_file(directory / _WEIGHTS))
        except RuntimeError as error:
            raise SelipError(f"{directory / _WEIGHTS} does not fit {_CONFIG}: {error}") from None
        return model.to(device).eval()

    @classmethod
    def _assemble(cls, text_encoder: TextEncoder, config: dict) -> "SelipModel":
        image = config["image_encoder"]
        image_encoder = build_image_encoder(
            image["name"], shape=tuple(config["volume_shape"]), pooling=image["pooling"], width=image["width"]
        )
        return cls(image_encoder, text_encoder, embedding_size=config["embedding_size"], config=config)


def build_model(
    image_encoder: dict,
    text_encoder: dict,
    *,
    volume_shape: tuple[int, int, int],
    embedding_size: int,
    vocabulary_texts: list[str],
    extra: dict | None = None,
) -> SelipModel:
    """Return an untrained `SelipModel` (a hub BERT brings its own weights).

    Parameters
    ----------
    image_encoder : dict with ``name``, ``pooling``, ``width``
    text_encoder : dict with ``name`` (``small``, a folder or a hub name) and ``max_tokens``
    volume_shape : (D, H, W) of the preprocessed volumes
    embedding_size : int
    vocabulary_texts : list of str
        The training texts whose characters become the vocabulary of the small text encoder.
    extra : dict, optional
        Added to the saved configuration: preprocessing settings, fingerprints, data source.
    """
    max_tokens = text_encoder["max_tokens"]
    if text_encoder["name"] == "small":
        tokenizer = character_tokenizer(vocabulary_texts)
        bert = small_bert(len(tokenizer), max_tokens=max_tokens)
    else:
        tokenizer, bert = hub_bert(text_encoder["name"])
    config = {
        "image_encoder": dict(image_encoder),
        "text_encoder": dict(text_encoder),
        "volume_shape": list(volume_shape),
        "embedding_size": embedding_size,
        **(extra or {}),
    }
    return SelipModel._assemble(TextEncoder(tokenizer, bert, max_tokens=max_tokens), config)
