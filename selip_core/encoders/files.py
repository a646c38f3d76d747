"""The files of a model's folder: where they are, which layout they have, and older layouts brought to today's."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from selip_core._utils.files import expanded, read_json, write_json
from selip_core.config import ImageEncoderName, Pooling
from selip_core.errors import SelipError

FORMAT_VERSION = 3
"""Of a model's folder. 1: the tokenizer and the configuration of the text encoder in ``text_encoder/``, and no number
in ``config.json``. 2: as transformers has it, both on top, the configuration as ``text_encoder_config``.
3: the image encoder says its blocks and its templates, which are among the weights."""

BLOCKS_BEFORE = 3
"""Residual blocks of the small image encoder before format 3."""

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_TOKENIZER, _TEXT = "tokenizer_config.json", "text_encoder"
_OF_THE_FILE = {
    "model_type", "architectures", "format_version", "text_encoder_config", "transformers_version", "dtype",
}  # fmt: skip
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def _up_to(largest: int) -> type[int]:
    """Return the type of a whole number from 1 on."""
    return Annotated[int, Field(ge=1, le=largest)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, protected_namespaces=())


class _ImageEncoder(_Part):
    name: ImageEncoderName
    pooling: Pooling
    width: _up_to(2**12)
    blocks: _up_to(2**6) = BLOCKS_BEFORE
    templates: Annotated[list[str], Field(max_length=2**6)] = []


class _TextEncoder(_Part):
    name: str
    max_tokens: _up_to(2**14)


class _Bert(_Part):
    """Of the many numbers of a BERT, those that its size depends on; what is not told has BERT's own value."""

    model_type: Literal["bert"]
    vocab_size: _up_to(2**21) = 30522
    hidden_size: _up_to(2**13) = 768
    num_hidden_layers: _up_to(2**7) = 12
    num_attention_heads: _up_to(2**8) = 12
    intermediate_size: _up_to(2**16) = 3072
    max_position_embeddings: _up_to(2**14) = 512


class _Preprocessing(_Part):
    spacing_mm: Annotated[list[float], Field(min_length=3, max_length=3)]
    shape: Annotated[list[_up_to(2**12)], Field(min_length=3, max_length=3)]
    clip_percentiles: Annotated[list[float], Field(min_length=2, max_length=2)]


class _Model(_Part):
    """What is taken from a ``config.json`` to build a model. The bounds are far beyond any that was trained."""

    image_encoder: _ImageEncoder
    text_encoder: _TextEncoder
    volume_shape: Annotated[list[_up_to(2**12)], Field(min_length=3, max_length=3)]
    embedding_size: _up_to(2**16)
    text_encoder_config: _Bert
    preprocessing: _Preprocessing | None = None


def check_model_config(config: dict, text_config: object, where: str | Path) -> None:
    """Raise SelipError unless a model can be built from a configuration, saying what is wrong with it.

    A folder may come from anywhere: nothing is built from what was not checked.
    """
    try:
        found = _Model.model_validate({**config, "text_encoder_config": text_config})
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SelipError(f"{where}: config.json does not describe a SeLIP model: {'; '.join(lines[:4])}") from None
    tokens, places = found.text_encoder.max_tokens, found.text_encoder_config.max_position_embeddings
    if tokens > places:
        raise SelipError(f"{where}: config.json has max_tokens {tokens}, and its text encoder takes {places}")


def write_model_config(folder: Path, config: dict, text_config: dict) -> None:
    """Write ``config.json``: what a model says of itself, the configuration of its text encoder, and the format."""
    head = {"model_type": "selip", "architectures": ["SelipModel"], "format_version": FORMAT_VERSION}
    write_json(folder / CONFIG, {**head, **config, "text_encoder_config": text_config})


def read_model_config(folder: Path) -> tuple[dict, dict, Path]:
    """Return what a model says of itself, the configuration of its text encoder, and the folder of its tokenizer.

    Raises
    ------
    SelipError
        If the folder does not hold a whole model, what it says cannot be built, or a newer version of this project
        wrote it.
    """
    if os.path.isfile(folder):
        raise SelipError(f"{folder} is not a SeLIP model: it is a file, give the folder that holds the model")
    if not os.path.isdir(folder):  # unlike the method, no error where one may not look
        raise SelipError(f"{folder} is not a SeLIP model: no such folder, and no name on the hub, those are owner/name")
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).exists()]
    if missing:
        raise SelipError(f"{folder} is not a SeLIP model: {', '.join(missing)} missing")
    config = read_json(folder / CONFIG)
    if config is None:
        raise SelipError(f"{folder / CONFIG} is not a JSON object: copy the model's folder again")
    version = check_format(config, folder)
    place = folder / _TEXT if version == 1 else folder
    text_config = read_json(place / CONFIG) if version == 1 else config.get("text_encoder_config")
    lacking = {"image_encoder", "text_encoder", "volume_shape", "embedding_size"} - set(config)
    if lacking or not text_config or not (place / _TOKENIZER).exists():
        what = ", ".join(sorted(lacking)) or ("the tokenizer" if text_config else "the text encoder's configuration")
        raise SelipError(f"{folder} is not a whole SeLIP model: {what} missing")
    check_model_config(config, text_config, folder)
    return {key: value for key, value in config.items() if key not in _OF_THE_FILE}, text_config, place


def check_format(config: dict, where: str | Path) -> int:
    """Return the format that a ``config.json`` states; raise SelipError if this version of selip does not know it."""
    version = config.get("format_version", 1)
    if isinstance(version, int) and version < 1:
        raise SelipError(f"{where} has format {version!r}, which there never was: copy the model's folder again")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise SelipError(
            f"{where} has format {version!r}, and this version of selip reads those up to {FORMAT_VERSION}: "
            "a newer selip wrote it, install that one"
        )
    return version


def find_model(
    name: str | Path, *, revision: str | None = None, cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Path:  # fmt: skip
    """Return the folder of a model: `name` itself, or where the hub's repository of that name is cached.

    Parameters
    ----------
    name : str or Path
        A folder, or as a str the name of a repository on the Hugging Face hub (``owner/name``). A folder comes first.
    revision, cache_dir, local_files_only
        Of `huggingface_hub.snapshot_download`; a folder has no use for them.

    Raises
    ------
    SelipError
        If it is a hub name, and neither the hub nor the cache has it.
    """
    folder = expanded(name)
    if os.path.exists(folder) or isinstance(name, Path) or not _HUB_NAME.fullmatch(name):
        return folder
    from huggingface_hub import snapshot_download

    try:
        # the library's own errors have no common base; whichever it is, the user needs name and cause
        return Path(
            snapshot_download(
                name, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only,
                allow_patterns=["*.json", "*.txt", "*.safetensors", "README.md"],
            )
        )  # fmt: skip
    except Exception as error:
        cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SelipError(
            f"{name} is no folder here, and as a name on the Hugging Face hub it could not be fetched ({cause}). Give "
            "the model's folder, or fetch it once where the hub can be reached (offline, the cache of HF_HOME is used)"
        ) from None
