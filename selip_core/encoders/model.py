"""The SeLIP model: an image encoder and a text encoder that meet in one space, and their files."""

import json
import shutil
from pathlib import Path

import torch
from torch import nn

from selip_core._utils.files import replacing, writing
from selip_core.encoders.dual import DualEncoder
from selip_core.encoders.files import BLOCKS_BEFORE, CONFIG, WEIGHTS, find_model, read_model_config, write_model_config
from selip_core.encoders.image import build_image_encoder
from selip_core.encoders.study import FUSION, read_fusion, remove_fusion, write_fusion
from selip_core.encoders.text import TextEncoder, character_tokenizer, hub_bert, small_bert
from selip_core.errors import SelipError


class SelipModel(DualEncoder):
    """A `DualEncoder` that is built of its encoders, saved into a folder and loaded from it (method.md 2).

    Saving and loading are not `huggingface_hub.PyTorchModelHubMixin`'s: it writes in place, where an interrupt leaves
    half a model, keeps no tokenizer, lets weights be missing, and opens a pickle where there is no safetensors file.

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
        self._join(image_encoder, text_encoder, embedding_size)
        self.config = config

    def save_pretrained(self, directory: str | Path) -> Path:
        """Write weights (safetensors), ``config.json``, tokenizer, and a trained fusion into `directory`; return it.

        Raises
        ------
        SelipError
            If it cannot be written, or there is no tokenizer.
        """
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        directory = Path(directory)
        with writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            self.text_encoder.save_tokenizer(directory)
        remove_fusion(directory)  # it belongs to the weights that were there
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        with replacing(directory / WEIGHTS) as partial:
            try:
                save_file(weights, partial, metadata={"format": "pt"})
            except SafetensorError as error:  # a full disk, which the library calls by a name of its own
                raise OSError(str(error)) from error
        write_model_config(directory, self.config, json.loads(self.text_encoder.bert.config.to_json_string()))
        shutil.copymode(directory / CONFIG, directory / WEIGHTS)  # safetensors lets none but the owner read
        self.save_fusion(directory)
        return directory

    def save_fusion(self, directory: str | Path) -> None:
        """Write the trained fusion of studies, if there is one, beside the weights that `save_pretrained` wrote.

        Raises
        ------
        SelipError
            If it cannot be written.
        """
        if self._study_fusion is not None:
            write_fusion(Path(directory), self.study_fusion, Path(directory) / WEIGHTS)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        device: str = "cpu",
        revision: str | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
    ) -> "SelipModel":
        """Return the model that `save_pretrained` wrote, in evaluation mode.

        Parameters
        ----------
        name : str or Path
            A folder, of any earlier version of this project too, or a repository on the Hugging Face hub
            (``owner/name``), which is fetched once and then read from its cache.
        device : str
        revision, cache_dir, local_files_only
            For a repository on the hub: its branch, tag or commit; another cache; nothing but the cache.

        Raises
        ------
        SelipError
            If the folder does not hold a whole SeLIP model, its weights do not fit its configuration, its fusion of
            studies is of other weights, a newer version wrote it, the hub cannot be reached and its cache does not have
            the repository, or there is no such device.
        """
        from safetensors.torch import load_file

        folder = find_model(name, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only)
        config, text_config, tokenizer_folder = read_model_config(folder)
        check_weights(folder / WEIGHTS, config, text_config)
        image_encoder, text_encoder = build_encoders(config, text_config)
        text_encoder.load_tokenizer(tokenizer_folder)
        model = cls(image_encoder, text_encoder, embedding_size=config["embedding_size"], config=config)
        model.load_state_dict(load_file(folder / WEIGHTS))
        if (folder / FUSION).exists():
            model.take_study_fusion(read_fusion(folder / FUSION, folder / WEIGHTS, config["embedding_size"]))
        try:
            return model.to(device).eval()
        except (AssertionError, RuntimeError) as error:
            raise SelipError(
                f"device {device!r} cannot be used ({error}): give cpu, or cuda where there is one"
            ) from None


def load_model(directory: str | Path, preprocessing_fingerprint: str, *, device: torch.device | str) -> SelipModel:
    """Return a model for volumes of a preprocessing, refused if it was trained on those of another.

    Raises
    ------
    SelipError
        As `SelipModel.from_pretrained` and `SelipModel.check_preprocessing`.
    """
    model = SelipModel.from_pretrained(directory, device=str(device))
    try:
        model.check_preprocessing(preprocessing_fingerprint)
    except SelipError as error:
        raise SelipError(f"{directory}: {error}") from None
    return model


def build_encoders(config: dict, text_config: dict) -> tuple[nn.Module, TextEncoder]:
    """Return the encoders that a saved configuration describes, their weights random, without a tokenizer.

    Raises
    ------
    SelipError
        If they cannot be built.
    """
    from transformers import AutoConfig, AutoModel

    try:
        bert = AutoModel.from_config(AutoConfig.for_model(**text_config), add_pooling_layer=False)
        return _image_encoder(config), TextEncoder(None, bert, max_tokens=config["text_encoder"]["max_tokens"])
    except Exception as error:  # each number may be right and all together wrong
        raise SelipError(f"no model can be built from this config.json ({type(error).__name__}: {error})") from None


def check_weights(path: Path, config: dict, text_config: dict) -> None:
    """Raise SelipError unless a file of weights has the names and shapes of what a configuration describes.

    Only the head of the file is read and no memory is taken: a configuration may ask for any size.
    """
    from safetensors import safe_open

    with torch.device("meta"):
        encoders = build_encoders(config, text_config)
        model = SelipModel(*encoders, embedding_size=config["embedding_size"], config=config)
    expected = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        with safe_open(path, "pt") as file:
            found = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118, it is no dict
    except Exception as error:  # safetensors raises its own types
        raise SelipError(f"{path} does not fit config.json, or is damaged: {error}") from None
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            there, wanted = found.get(name, "missing"), expected.get(name, "nothing")
            raise SelipError(f"{path} does not fit config.json: {name} is {there}, and should be {wanted}")


def _image_encoder(config: dict) -> nn.Module:
    image = config["image_encoder"]
    return build_image_encoder(
        image["name"], shape=tuple(config["volume_shape"]), pooling=image["pooling"], width=image["width"],
        blocks=image.get("blocks", BLOCKS_BEFORE), templates=image.get("templates", ()),
    )  # fmt: skip


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
    image_encoder : dict with ``name``, ``pooling``, ``width``; ``blocks``, ``templates`` (names of sequences)
    text_encoder : dict with ``name`` (``small``, a folder or a hub name) and ``max_tokens``
    volume_shape : (D, H, W) of the preprocessed volumes
    embedding_size : int
    vocabulary_texts : list of str
        The training texts whose characters become the vocabulary of the small text encoder.
    extra : dict, optional
        Added to the saved configuration: preprocessing settings, fingerprints, data source.
    """
    name, max_tokens = text_encoder["name"], text_encoder["max_tokens"]
    if name == "small":
        tokenizer = character_tokenizer(vocabulary_texts)
        bert = small_bert(len(tokenizer), max_tokens=max_tokens)
    else:
        tokenizer, bert = hub_bert(name)
    told = Path(name).name if Path(name).is_dir() else name  # where a folder lies is nobody's business elsewhere
    config = {
        "image_encoder": dict(image_encoder),
        "text_encoder": {**text_encoder, "name": told},
        "volume_shape": list(volume_shape),
        "embedding_size": embedding_size,
        **(extra or {}),
    }
    return SelipModel(
        _image_encoder(config), TextEncoder(tokenizer, bert, max_tokens=max_tokens),
        embedding_size=embedding_size, config=config,
    )  # fmt: skip
