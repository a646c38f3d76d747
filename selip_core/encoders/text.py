"""Text encoders: a Chinese BERT from a folder or the hub, or a small one with a vocabulary of characters."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from selip_core._utils.words import check_several
from selip_core.errors import SelipError

if TYPE_CHECKING:
    from transformers import BertTokenizer, PreTrainedModel, PreTrainedTokenizerBase

_LEAST_TOGETHER, _MOST_GROUPS = 8, 4
"""Texts that are run at once, on a CPU, and into how many groups of about one length a batch is parted."""

REMEMBERED_TEXTS = 2**16
"""Texts whose tokens an encoder keeps: training asks for the same ones again and again."""

_LEAST_VOCABULARY = 0.99
"""Of a BERT's rows, the part that its tokenizer must have a token for: some models of the hub are padded."""

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def character_tokenizer(texts: Iterable[str]) -> "BertTokenizer":
    """Return a BERT tokenizer whose words are the characters of `texts` (and runs of Latin letters and digits)."""
    from transformers import BertTokenizer

    runs: set[str] = set()
    for text in texts:
        runs.update(_pieces(text.lower()))
    vocabulary = [*SPECIAL_TOKENS, *sorted(runs)]
    return BertTokenizer(vocab={token: i for i, token in enumerate(vocabulary)}, do_lower_case=True)


def _pieces(text: str) -> list[str]:
    """Split as BERT's basic tokenizer would: a Chinese character or a sign alone, Latin runs together."""
    pieces, run = [], ""
    for char in text:
        if char.isascii() and char.isalnum():
            run += char
            continue
        if run:
            pieces.append(run)
            run = ""
        if not char.isspace():
            pieces.append(char)
    return [*pieces, run] if run else pieces


def check_texts(texts: Sequence[str]) -> None:
    """Raise SelipError unless these are texts: of one string, each character would be one."""
    check_several(texts, "texts", "sentence")
    if strange := [text for text in texts if not isinstance(text, str)]:
        raise SelipError(f"texts must be sentences, not {type(strange[0]).__name__}: leave out what is empty")


def groups_by_length(lengths: Sequence[int], device: torch.device) -> list[list[int]]:
    """Return the positions of texts of about one length, in up to four groups of eight or more; on a GPU, in one.

    On a CPU short texts would else be padded to the longest of a batch: of 64 sentences, four groups take 0.55 of the
    time, of 32 0.64.

    Examples
    --------
    >>> groups_by_length([9, 1] * 8, torch.device("cpu"))
    [[1, 3, 5, 7, 9, 11, 13, 15], [0, 2, 4, 6, 8, 10, 12, 14]]
    """
    order = torch.tensor(lengths).argsort(stable=True)
    count = min(len(order) // _LEAST_TOGETHER, _MOST_GROUPS) if device.type == "cpu" else 1
    return [group.tolist() for group in order.tensor_split(max(count, 1))]


def small_bert(vocabulary_size: int, *, max_tokens: int, hidden_size: int = 128, layers: int = 2) -> nn.Module:
    """Return a small BERT, its weights random, for a vocabulary of characters."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=4 * hidden_size,
        max_position_embeddings=max_tokens,
        pad_token_id=0,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return BertModel(config, add_pooling_layer=False)


def hub_bert(name: str) -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Return (tokenizer, model) from a local folder or a hub name such as ``hfl/chinese-bert-wwm``.

    Raises
    ------
    SelipError
        If it is neither a folder nor to be had from the hub or its cache, or is no BERT.
    """
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer, bert = AutoTokenizer.from_pretrained(name), AutoModel.from_pretrained(name, add_pooling_layer=False)
    except (OSError, ValueError) as error:
        cause = str(error).strip().splitlines()[0]
        raise SelipError(
            f"text encoder {name!r} could not be loaded ({cause}). Give a folder that holds config.json, the weights "
            "and the tokenizer, or a hub name this machine can reach or has cached (HF_HOME)."
        ) from None
    if bert.config.model_type != "bert":  # or it would train, and be refused when it is loaded
        raise SelipError(f"text encoder {name!r} is of type {bert.config.model_type}, only BERTs (bert) are taken")
    return tokenizer, bert


class TextEncoder(nn.Module):
    """A BERT and its tokenizer: texts in, the [CLS] state ``(B, hidden)`` out.

    A batch is padded to its own longest text; the attention mask keeps the padding from changing the features.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase | None", bert: nn.Module, *, max_tokens: int):
        super().__init__()
        self.tokenizer = tokenizer
        self.bert = bert
        self.max_tokens = max_tokens
        self.out_features = bert.config.hidden_size
        self._ids: dict[str, torch.Tensor] = {}

    def load_tokenizer(self, name: str | Path, **where: Any) -> None:
        """Take the tokenizer of a model's folder, or of its repository on the hub, where `where` says.

        Raises
        ------
        SelipError
            If it cannot be read, or its vocabulary is not that of the BERT.
        """
        from transformers import AutoTokenizer

        try:
            # the class of a tokenizer follows from the BERT's configuration, not from that of the model around it
            tokenizer = AutoTokenizer.from_pretrained(name, config=self.bert.config, **where)
        except Exception as error:  # the library raises whatever its reading runs into
            cause = (str(error).strip().splitlines() or [""])[0]
            raise SelipError(
                f"the tokenizer of {name} cannot be read ({type(error).__name__}: {cause}): copy the model again"
            ) from None
        known, expected = len(tokenizer), self.bert.config.vocab_size
        if not expected * _LEAST_VOCABULARY <= known <= expected:  # without tokenizer.json all would be [UNK]
            raise SelipError(
                f"the tokenizer of {name} knows {known} tokens, its text encoder {expected}: tokenizer.json (or "
                "vocab.txt) is missing or of another model, copy the model again"
            )
        self.tokenizer = tokenizer
        self._ids.clear()

    def save_tokenizer(self, directory: str | Path) -> None:
        """Write the files of the tokenizer into a model's folder; raise SelipError if there is no tokenizer."""
        self._some_tokenizer().save_pretrained(directory)

    def _some_tokenizer(self) -> "PreTrainedTokenizerBase":
        if self.tokenizer is None:
            raise SelipError(
                "this model was built from its configuration alone and has no tokenizer: take one by "
                "model.text_encoder.load_tokenizer(folder), or load the model by from_pretrained"
            )
        return self.tokenizer

    def tokenize(self, texts: list[str]) -> dict[str, torch.Tensor]:
        """Return ``input_ids`` and ``attention_mask``, each ``(B, L)`` with L the longest text of the batch."""
        rows = self._token_ids(texts)
        lengths = torch.tensor([len(row) for row in rows])
        ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.tokenizer.pad_token_id)  # (B, L)
        attention_mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        return {"input_ids": ids.to(self.bert.device), "attention_mask": attention_mask.to(self.bert.device)}

    def _token_ids(self, texts: list[str]) -> list[torch.Tensor]:
        """Return the token ids of each text, (its tokens,); what was met before is not tokenised again."""
        new = [text for text in dict.fromkeys(texts) if text not in self._ids]
        known = {text: self._ids[text] for text in texts if text in self._ids}
        if new:
            encoded = self._some_tokenizer()(new, truncation=True, max_length=self.max_tokens)["input_ids"]
            known |= {text: torch.tensor(ids) for text, ids in zip(new, encoded, strict=True)}
            if len(self._ids) + len(new) > REMEMBERED_TEXTS:
                self._ids.clear()
            self._ids |= known
        return [known[text] for text in texts]

    def forward(self, texts: list[str]) -> torch.Tensor:
        """Return the state of [CLS] of each text, ``(B, hidden)``."""
        groups = groups_by_length([len(text) for text in texts], self.bert.device)
        found = [self.bert(**self.tokenize([texts[i] for i in group])).last_hidden_state[:, 0] for group in groups]
        place = torch.tensor([i for group in groups for i in group]).argsort()
        return torch.cat(found)[place.to(self.bert.device)]
