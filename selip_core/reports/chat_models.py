"""Language models that answer a chat: behind a server, or on this machine."""

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from selip_core.errors import SelipError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LONGEST_REPLY = 8_000_000
"""Bytes of a server's reply: a report's findings take some thousands, more is no answer and would fill the memory."""


class ExtractionError(Exception):
    """A model has given no usable answer; the message is the reason, counted and never the report's text."""


class ServerFailure(ExtractionError):
    """The server is slow, away or broken: asking again at once would not help."""


class LanguageModel(Protocol):
    """What answers a chat: a server or a local model."""

    name: str

    def answer(self, messages: list[dict[str, str]]) -> str:
        """Return the text that answers, or raise ExtractionError with the reason."""


class ServerModel:
    """A model behind an OpenAI-compatible server (vLLM, Ollama, llama.cpp).

    Parameters
    ----------
    base_url : str
        ``http://localhost:8000/v1``. Reports are sent there and nowhere else: redirections are not followed, and
        proxies, ``.netrc`` and certificates that the environment names are not used.
    model : str
        As the server names it.
    timeout_s : float
        For one answer; one that trickles is cut off at twice this at the latest.
    key_variable : str, optional
        Environment variable that holds the key, where the server wants one; without it no key is sent.

    Raises
    ------
    SelipError
        If the address is none, or the environment variable is not set.
    """

    def __init__(self, base_url: str, model: str, *, timeout_s: float = 120.0, key_variable: str | None = None):
        if not _is_address(base_url):
            raise SelipError(f"--server {base_url!r} is no address: give one such as http://localhost:8000/v1")
        self._key = os.environ.get(key_variable, "") if key_variable else ""
        if key_variable and not self._key:
            raise SelipError(f"--key-variable {key_variable}: the environment has no such variable; export it first")
        self.url = f"{base_url.rstrip('/')}/chat/completions"
        self.name, self.timeout_s = model, timeout_s

    def answer(self, messages: list[dict[str, str]]) -> str:
        import httpx

        body = {"model": self.name, "messages": messages, "temperature": 0, "stream": False}
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        end, data = time.monotonic() + self.timeout_s, bytearray()
        try:
            with (
                httpx.Client(trust_env=False, timeout=self.timeout_s) as client,
                client.stream("POST", self.url, json=body, headers=headers) as reply,
            ):
                for part in reply.iter_bytes():
                    data += part
                    if len(data) > LONGEST_REPLY:
                        raise ServerFailure("reply too long")
                    if time.monotonic() > end:
                        raise ServerFailure("time-out")
                if reply.status_code != 200:
                    raise ServerFailure(f"server error {reply.status_code}")
            text = json.loads(data)["choices"][0]["message"]["content"]
        except httpx.TimeoutException:
            raise ServerFailure("time-out") from None
        except httpx.ConnectError:
            raise ServerFailure("server not reachable") from None
        except httpx.HTTPError:
            raise ServerFailure("connection broken") from None
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            raise ExtractionError("no chat completion in the reply") from None
        if not isinstance(text, str):
            raise ExtractionError("no text in the reply")
        return text


def _is_address(url: str) -> bool:
    import httpx

    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return re.fullmatch(r"https?://[^\s/]+(/\S*)?", url) is not None


class LocalModel:
    """A causal language model of ``transformers``: a folder, or a name in the hub's cache.

    Nothing of the model is downloaded, no code of its own is run, and weights are read as safetensors only. After
    `timeout_s` an answer ends where it stands, and counts as half a JSON.

    Raises
    ------
    SelipError
        If it cannot be loaded, or the device is missing or has no room for it.
    """

    def __init__(self, name: str, *, max_new_tokens: int = 1024, device: str = "cpu", timeout_s: float = 120.0):
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer

        kept = {"trust_remote_code": False, "local_files_only": True}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name, **kept)
            model = AutoModelForCausalLM.from_pretrained(name, use_safetensors=True, **kept)
            self._model = model.to(device).eval()
        # a device that is missing is a RuntimeError or an AssertionError, by how torch was built; a full one the former
        except (OSError, ValueError, RuntimeError, AssertionError, SafetensorError) as error:
            cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise SelipError(
                f"language model {name!r} could not be loaded on {device} ({cause}): give the folder of its "
                "configuration, tokenizer and safetensors, and a device that is there and has room"
            ) from None
        self.name, self.max_new_tokens, self.timeout_s = Path(name).name, max_new_tokens, timeout_s

    def answer(self, messages: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            return self._generated(messages)
        except (RuntimeError, ValueError, IndexError, TemplateError) as error:  # no room; too long for the model
            raise ExtractionError(f"local model failed: {type(error).__name__}") from None

    def _generated(self, messages: list[dict[str, str]]) -> str:
        import torch

        tokenizer = self._tokenizer
        if tokenizer.chat_template:
            text = _templated(tokenizer, messages)
        else:
            text = "\n\n".join(message["content"] for message in messages) + "\n\nJSON: "
        special = not tokenizer.chat_template  # a template has written them already
        inputs = tokenizer(text, return_tensors="pt", add_special_tokens=special).to(self._model.device)
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
                max_new_tokens=self.max_new_tokens, max_time=self.timeout_s,
                pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
            )  # fmt: skip
        answer = tokenizer.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return f"<think>{answer}" if text.rstrip().endswith("<think>") else answer


def _templated(tokenizer: "PreTrainedTokenizerBase", messages: list[dict[str, str]]) -> str:
    """Return the prompt of a chat template; where it knows no system role, the user says what the system would."""
    from jinja2 import TemplateError

    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        told = [{"role": "user", "content": "\n\n".join(message["content"] for message in messages)}]
        return tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
