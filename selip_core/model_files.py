"""The files of a model's folder: where they are, which layout they have, and older layouts brought to today's."""

import os
import re
from pathlib import Path

from selip_core.errors import SelipError
from selip_core.files import read_json, write_json

FORMAT_VERSION = 2
"""Of a model's folder. 1: the tokenizer and the configuration of the text encoder in ``text_encoder/``, and no number
in ``config.json``. 2: as transformers has it, both on top, the configuration as ``text_encoder_config``."""

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_TOKENIZER, _TEXT = "tokenizer_config.json", "text_encoder"
_OF_THE_FILE = {
    "model_type", "architectures", "format_version", "text_encoder_config", "transformers_version", "dtype",
}  # fmt: skip
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def write_model_config(folder: Path, config: dict, text_config: dict) -> None:
    """Write ``config.json``: what a model says of itself, the configuration of its text encoder, and the format."""
    head = {"model_type": "selip", "architectures": ["SelipModel"], "format_version": FORMAT_VERSION}
    write_json(folder / CONFIG, {**head, **config, "text_encoder_config": text_config})


def read_model_config(folder: Path) -> tuple[dict, dict, Path]:
    """Return what a model says of itself, the configuration of its text encoder, and the folder of its tokenizer.

    Raises
    ------
    SelipError
        If the folder does not hold a whole model, or a newer version of this project wrote it.
    """
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
    return {key: value for key, value in config.items() if key not in _OF_THE_FILE}, text_config, place


def check_format(config: dict, where: str | Path) -> int:
    """Return the format that a ``config.json`` states; raise SelipError if a newer version of this project wrote it."""
    version = config.get("format_version", 1)
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
    folder = Path(os.path.expanduser(name))  # unlike Path's own, it leaves the home of an unknown user as it stands
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
