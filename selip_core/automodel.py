"""SeLIP for the Auto classes of transformers, without remote code: importing this module registers it.

>>> from selip_core import automodel
>>> from transformers import AutoModel
>>> model = AutoModel.from_pretrained("folder or hub name")  # doctest: +SKIP

The only module that imports transformers when it is imported, for its classes are transformers'.
"""

from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils import cached_file

from selip_core._utils.files import writing
from selip_core.encoders.dual import DualEncoder
from selip_core.encoders.files import WEIGHTS, check_format, check_model_config
from selip_core.encoders.model import build_encoders, check_weights
from selip_core.encoders.study import FUSION, read_fusion, remove_fusion, write_fusion
from selip_core.errors import SelipError

_WHERE = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")

_ONE_FILE = "50GB"  # what push_to_hub of transformers gives: up to there a model is not cut into files


class SelipConfig(PretrainedConfig):
    """What ``config.json`` of a SeLIP model says, as attributes, and as the dictionary that `SelipModel.config` is."""

    model_type = "selip"

    def __getitem__(self, key: str) -> Any:
        """Return what `SelipModel.config` has under `key`."""
        return vars(self)[key]  # not its methods

    def get(self, key: str, default: Any = None) -> Any:
        """Return what `SelipModel.config` has under `key`, or `default`."""
        return vars(self).get(key, default)


class SelipAutoModel(DualEncoder, PreTrainedModel):
    """A `SelipModel` but for its files: transformers loads and saves, with ``dtype``, ``device_map``, ``push_to_hub``.

    Weights, their names and all methods of `DualEncoder` are the same.
    """

    config_class = SelipConfig
    _supports_sdpa = True  # of its BERT; it has no attention of its own

    def __init__(self, config: SelipConfig):
        check_model_config(vars(config), config.get("text_encoder_config"), "the configuration")
        super().__init__(config)
        self._join(*build_encoders(config, config.text_encoder_config), config.embedding_size)
        self.post_init()

    @classmethod
    def from_pretrained(
        cls, name: str | Path, *args: Any, output_loading_info: bool = False, **options: Any
    ) -> "SelipAutoModel | tuple[SelipAutoModel, dict]":
        """Return the model of a folder or hub repository with its tokenizer; options as in `PreTrainedModel`.

        Raises
        ------
        SelipError
            If the folder lacks weights, its fusion of studies was trained with others, or a newer version wrote it.
        """
        config = options.get("config")
        if not isinstance(config, SelipConfig):
            where = {key: options[key] for key in _WHERE if key in options}
            options["config"] = config = SelipConfig.from_pretrained(config or name, **where)
        check_format(config, name)
        check_model_config(vars(config), config.get("text_encoder_config"), name)
        where = {key: options[key] for key in _WHERE if key in options}  # from_pretrained may take some out
        weights, fusion = (
            cached_file(name, file, _raise_exceptions_for_missing_entries=False, **where) if name else None
            for file in (WEIGHTS, FUSION)
        )
        if weights:
            check_weights(Path(weights), config, config.text_encoder_config)
        model, info = super().from_pretrained(name, *args, output_loading_info=True, **options)
        if info["missing_keys"]:
            raise SelipError(f"{name} lacks weights: {', '.join(sorted(info['missing_keys'])[:3])}")
        model.text_encoder.load_tokenizer(name, **where)
        if weights and fusion:
            model.take_study_fusion(read_fusion(Path(fusion), Path(weights), config.embedding_size))
        return (model, info) if output_loading_info else model

    def save_pretrained(self, directory: str | Path, **options: Any) -> Path:
        """Write the folder that `SelipModel.from_pretrained` reads; options as in `PreTrainedModel`.

        Raises
        ------
        SelipError
            If it cannot be written, is to be uploaded in the same call, or to be written otherwise than as one file of
            weights.
        """
        if options.get("push_to_hub"):  # transformers would upload what it wrote itself, without the tokenizer
            raise SelipError(
                "save_pretrained uploads nothing: save, then huggingface_hub.upload_folder(folder_path=..., "
                "repo_id=...), or call model.push_to_hub(repo_id)"
            )
        if options.get("variant") or options.get("max_shard_size") not in (None, _ONE_FILE):
            raise SelipError(f"a model is one file, {WEIGHTS}: leave out variant and max_shard_size")
        directory = Path(directory)
        with writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            self.text_encoder.save_tokenizer(directory)
            remove_fusion(directory)
            super().save_pretrained(directory, **options)
        if self._study_fusion is not None:
            write_fusion(directory, self.study_fusion, directory / WEIGHTS)
        return directory


AutoConfig.register(SelipConfig.model_type, SelipConfig, exist_ok=True)
AutoModel.register(SelipConfig, SelipAutoModel, exist_ok=True)
