"""Reading reports by a language model: asked once, its answer checked, the rules in its place where it fails.

The paper lets a language model write the findings of each sequence as JSON. Here that is an option beside the rules of
``reports.parse_report``. Nothing is sent anywhere unless the user names a server.
"""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tqdm.auto import tqdm

from selip_core.errors import SelipError
from selip_core.files import read_json, write_json
from selip_core.fingerprint import digest
from selip_core.reports import is_normal_report, parse_report
from selip_core.sentences import SEQUENCES, Finding

_PROMPT = Path(__file__).with_name("prompts") / "extraction_zh.yaml"
RULES = "rules"


GIVEN_UP_AFTER = 5
"""Failures of the server in a row after which it is asked no more: a thousand time-outs help nobody."""
LONGEST_REPLY = 8_000_000
"""Bytes of a server's reply: a report's findings take some thousands, more is no answer and would fill the memory."""


class ExtractionError(Exception):
    """A model has given no usable answer; the message is the reason, counted and never the report's text."""


class ServerFailure(ExtractionError):
    """The server is slow, away or broken: asking again at once would not help."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Finding(_Strict):
    site: str = Field(min_length=1, max_length=60)
    appearance: str = Field(min_length=1, max_length=80)

    @field_validator("site", "appearance")
    @classmethod
    def _fits_the_sentence(cls, text: str) -> str:
        if re.search("[，。；,;\n]|表现为", text):
            raise ValueError("must hold none of ，。； nor 表现为: one finding each")
        return text


class Extracted(_Strict):
    """What a report says: of each sequence its findings, and whether it is normal."""

    normal: bool = False
    findings: dict[Literal[SEQUENCES], list[_Finding]] = {}

    def by_sequence(self) -> dict[str, list[Finding]]:
        """Return the findings as ``parse_report`` does."""
        found = {
            s: list(dict.fromkeys(Finding(f.site, f.appearance) for f in self.findings.get(s, []))) for s in SEQUENCES
        }
        return {sequence: findings for sequence, findings in found.items() if findings}


class LanguageModel(Protocol):
    """What answers a chat: a server or a local model."""

    name: str

    def answer(self, messages: list[dict[str, str]]) -> str:
        """Return the text that answers, or raise ExtractionError with the reason."""


@cache
def _prompt() -> dict:
    return yaml.safe_load(_PROMPT.read_text(encoding="utf-8"))


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

    Nothing of the model is downloaded, no code of its own is run, and weights are read as safetensors only.

    Raises
    ------
    SelipError
        If it cannot be loaded, or the device is missing or has no room for it.
    """

    def __init__(self, name: str, *, max_new_tokens: int = 1024, device: str = "cpu"):
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
        self.name, self.max_new_tokens = Path(name).name, max_new_tokens

    def answer(self, messages: list[dict[str, str]]) -> str:
        try:
            return self._generated(messages)
        except (RuntimeError, ValueError, IndexError) as error:  # no room; too long for the model
            raise ExtractionError(f"local model failed: {type(error).__name__}") from None

    def _generated(self, messages: list[dict[str, str]]) -> str:
        import torch

        tokenizer = self._tokenizer
        if tokenizer.chat_template:
            text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        else:
            text = "\n\n".join(message["content"] for message in messages) + "\n\nJSON: "
        inputs = tokenizer(text, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
                max_new_tokens=self.max_new_tokens, pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
            )  # fmt: skip
        return tokenizer.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def read_answer(text: str) -> Extracted:
    """Return what an answer says; thoughts, code fences and words around the JSON object are passed over.

    Raises
    ------
    ExtractionError
        ``no JSON`` or ``invalid JSON``, with what is wrong of its form.
    """
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    start = text.find("{")
    if start < 0:
        raise ExtractionError("no JSON")
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    except ValueError:
        raise ExtractionError("half a JSON" if text.count("{") > text.count("}") else "no JSON") from None
    except RecursionError:
        raise ExtractionError("invalid JSON: nested too deep") from None
    try:
        found = Extracted.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ExtractionError(f"invalid JSON: {'.'.join(map(str, first['loc'][:2]))} {first['type']}") from None
    if found.normal and found.by_sequence():
        raise ExtractionError("invalid JSON: normal with findings")
    return found


def extract(model: LanguageModel, report: str, *, attempts: int = 3) -> Extracted:
    """Return what a model reads in a report; an answer that is no valid JSON is asked for again, up to `attempts`.

    Raises
    ------
    ExtractionError
        With the reason of the last attempt. A server that is slow or away is not asked again.
    """
    messages = [{"role": "system", "content": _prompt()["system"]}, {"role": "user", "content": report}]
    for attempt in range(attempts):
        text = model.answer(messages)
        try:
            return read_answer(text)
        except ExtractionError as error:
            if attempt == attempts - 1:
                raise
            again = _prompt()["retry"].format(error=error)
            messages = [
                *messages[:2],
                {"role": "assistant", "content": text[:2000]},
                {"role": "user", "content": again},
            ]
    raise ExtractionError("no attempt was allowed")


def by_rules(report: str) -> Extracted:
    """Return what the rules read in a report, in the same form."""
    found = parse_report(report)
    findings = {s: [{"site": f.site, "appearance": f.appearance} for f in fs] for s, fs in found.items()}
    return Extracted.model_validate({"normal": not found and is_normal_report(report), "findings": findings})


def extract_reports(
    reports: list[str],
    model: LanguageModel,
    cache_dir: Path,
    *,
    attempts: int = 3,
    progress: bool = True,
    rules: Callable[[str], Extracted] = by_rules,
) -> tuple[list[Extracted], pd.DataFrame]:
    """Return what a model reads in each report, and what became of each: nothing is asked twice.

    Parameters
    ----------
    cache_dir : Path
        Answers are kept there by the hash of report, model and prompt; no report's text is.
    attempts : int
        For one report, where its answers are no valid JSON.

    Returns
    -------
    list of Extracted
    DataFrame with ``extractor`` (the model's name, or ``rules``) and ``reason`` (why the rules stood in, else empty)
    """
    results, told, failures = [], [], 0
    for report in tqdm(reports, desc=f"reports read by {model.name}", unit="report", disable=not progress):
        path = cache_dir / f"{digest(report, model.name, str(_prompt()['version']), _prompt()['system'])}.json"
        try:
            found = _kept(path)
            if found is None:
                if failures >= GIVEN_UP_AFTER:
                    raise ServerFailure(f"not asked: the server failed {GIVEN_UP_AFTER} times in a row")
                found = extract(model, report, attempts=attempts)
                write_json(path, found.model_dump())
                failures = 0
            results.append(found)
            told.append((model.name, ""))
        except ExtractionError as error:
            failures += isinstance(error, ServerFailure)
            results.append(rules(report))
            told.append((RULES, str(error)))
    return results, pd.DataFrame(told, columns=["extractor", "reason"])


def _kept(path: Path) -> Extracted | None:
    """Return the answer kept in a file; None where there is none or it is damaged, and it is asked for again."""
    try:
        known = read_json(path)
        return None if known is None else Extracted.model_validate(known)
    except ValidationError:
        return None


def agreement(first: list[dict[str, list[Finding]]], second: list[dict[str, list[Finding]]]) -> pd.DataFrame:
    """Return how far two extractors agree on the same reports.

    Returns
    -------
    DataFrame with ``sequence`` (and ``all``), ``both``, ``first_only``, ``second_only`` statements (sequence, site,
    appearance), and ``agreement``: the Dice of the two sets, 2 both / (2 both + first only + second only)
    """
    counts = {sequence: Counter() for sequence in SEQUENCES}
    for a, b in zip(first, second, strict=True):
        for sequence in SEQUENCES:
            one, other = set(a.get(sequence, [])), set(b.get(sequence, []))
            counts[sequence] += Counter(
                both=len(one & other), first_only=len(one - other), second_only=len(other - one)
            )
    rows = [(sequence, count) for sequence, count in counts.items() if count.total()]
    rows.append(("all", sum(counts.values(), Counter())))
    return pd.DataFrame([
        {"sequence": sequence, **{k: c[k] for k in ("both", "first_only", "second_only")},
         "agreement": 2 * c["both"] / (c.total() + c["both"]) if c.total() else float("nan")}
        for sequence, c in rows
    ])  # fmt: skip
