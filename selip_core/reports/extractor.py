"""Reading reports by a language model: asked once, its answer checked, the rules in its place where it fails.

The paper lets a language model write the findings of each sequence as JSON. Here that is an option beside the rules of
``reports.parse_report``. Nothing is sent anywhere unless the user names a server.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tqdm.auto import tqdm

from selip_core._utils.hashing import digest
from selip_core._utils.resumable import DoneLog
from selip_core.reports.chat_models import ExtractionError, LanguageModel, ServerFailure
from selip_core.reports.parser import is_normal_report, parse_report
from selip_core.reports.sentences import Finding, fits_sentence, with_whole_sides
from selip_core.sequences import SEQUENCES

_PROMPT = Path(__file__).with_name("prompts") / "extraction_zh.yaml"
RULES = "rules"
GIVEN_UP_AFTER = 5
"""Failures of the server in a row after which it is asked no more: a thousand time-outs help nobody."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Finding(_Strict):
    site: str = Field(min_length=1, max_length=60)
    appearance: str = Field(min_length=1, max_length=80)

    @field_validator("site", "appearance")
    @classmethod
    def _fits_the_sentence(cls, text: str) -> str:
        text = re.sub(r"(?<=[一-鿿])\s+|\s+(?=[一-鿿])", "", text)
        if not fits_sentence(text):
            raise ValueError("must hold none of ，。；, white space or 表现为: one finding each, in Chinese")
        return with_whole_sides(text)


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


@cache
def _prompt() -> dict:
    prompt = yaml.safe_load(_PROMPT.read_text(encoding="utf-8"))
    return prompt | {"system": prompt["system"].replace("{sequences}", "、".join(SEQUENCES))}


def read_answer(text: str) -> Extracted:
    """Return what an answer says; thoughts, code fences and words around the JSON object are passed over.

    Raises
    ------
    ExtractionError
        ``no JSON`` or ``invalid JSON``, with what is wrong of its form.
    """
    text = text.rpartition("</think>")[2]  # a prompt may open the thoughts, so that an answer only closes them
    if "<think>" in text:
        raise ExtractionError("no JSON: the thoughts had no end")
    try:
        found = Extracted.model_validate(_first_object(text))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ExtractionError(f"invalid JSON: {'.'.join(map(str, first['loc'][:2]))} {first['type']}") from None
    if found.normal and found.by_sequence():
        raise ExtractionError("invalid JSON: normal with findings")
    return found


def _each_key_once(pairs: list[tuple[str, object]]) -> dict:
    """Return an object; refuse one that says T1 twice, of which json would keep the last."""
    if len(dict(pairs)) < len(pairs):
        raise ExtractionError("invalid JSON: a key twice")
    return dict(pairs)


def _first_object(text: str) -> dict:
    """Return the first JSON object in a text that is not empty; braces in the words around it are passed over, never
    looked into.

    Raises
    ------
    ExtractionError
    """
    depth = 0
    for brace in re.finditer("[{}]", text):
        if brace[0] == "{" and depth == 0:
            try:
                found = json.JSONDecoder(object_pairs_hook=_each_key_once).raw_decode(text, brace.start())[0]
                if found:  # {} says nothing, not that nothing was found
                    return found
            except ValueError:
                pass
            except RecursionError:
                raise ExtractionError("invalid JSON: nested too deep") from None
        depth += 1 if brace[0] == "{" else -min(depth, 1)
    raise ExtractionError("half a JSON" if depth else "no JSON")


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
    answers, results, told, failures = DoneLog(cache_dir / "answers.jsonl"), [], [], 0
    for report in tqdm(reports, desc=f"reports read by {model.name}", unit="report", disable=not progress):
        key = digest(report, model.name, str(_prompt()["version"]), _prompt()["system"])
        try:
            found = _kept(answers, key)
            if found is None:
                if failures >= GIVEN_UP_AFTER:
                    raise ServerFailure(f"not asked: the server failed {GIVEN_UP_AFTER} times in a row")
                found = extract(model, report, attempts=attempts)
                answers.add(key, found.model_dump())
                failures = 0
            results.append(found)
            told.append((model.name, ""))
        except ExtractionError as error:
            failures += isinstance(error, ServerFailure)
            results.append(rules(report))
            told.append((RULES, str(error)))
    return results, pd.DataFrame(told, columns=["extractor", "reason"])


def _kept(answers: DoneLog, key: str) -> Extracted | None:
    """Return the answer that is kept; None where there is none or it is damaged, and it is asked for again."""
    try:
        return Extracted.model_validate(answers.found[key][0]) if key in answers.found else None
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
