"""The writing styles of the embedded cohort's reports (``report_styles.yaml``), and the draw of words from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from selip_core.datasets.synthetic.catalogue import Lesion
from selip_core.reports.sentences import Finding

BOOK = yaml.safe_load(Path(__file__).with_name("report_styles.yaml").read_text(encoding="utf-8"))

STYLE_WEIGHTS: dict[str, float] = {name: style["weight"] for name, style in BOOK["general"].items()}
"""How often each general style writes; the relaxation idiom (长T1长T2) has three quarters, as in the clinic."""

STYLES = tuple(STYLE_WEIGHTS)
"""Writing styles for general use."""

HELD_OUT_STYLES = tuple(BOOK["held_out"])
"""Writing styles kept apart, to test a parser on wording that its rules were not written for."""


@dataclass(frozen=True)
class Group:
    """Lesions of one kind that share a clause, with the words drawn for them."""

    kind: str
    lesions: list[Lesion]
    shapes: list[str]
    many: bool
    location: str
    sites: list[str]  # canonical, with their sides, in the order of the text


@dataclass
class Writer:
    """One report in the making: its style, its random numbers, what was acquired, what was said so far."""

    style: dict
    rng: np.random.Generator
    acquired: set[str]
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    truth: list[tuple[str, Finding]] = field(default_factory=list)
    denied_restriction: bool = False

    def pick(self, choices: Mapping[str, float] | Sequence[str] | str) -> str:
        """Draw from a mapping by weight or from a list evenly; a string is itself."""
        if isinstance(choices, str):
            return choices
        weights = np.array(list(choices.values()) if isinstance(choices, dict) else np.ones(len(choices)), float)
        picked = list(choices)[self.rng.choice(len(weights), p=weights / weights.sum())]
        return picked if isinstance(choices, list) else self.pick(picked)

    def chance(self, key: str) -> bool:
        return self.rng.random() < self.style[key]

    def word(self, table: str, name: str) -> str:
        """Return the word for `name`, itself where the style has none, drawn once: nobody changes terms halfway."""
        if (table, name) not in self.words:
            self.words[table, name] = self.pick(self.style[table].get(name, name))
        return self.words[table, name]

    def sequences(self, names: list[str]) -> str:
        """Name sequences together: ``T2WI及FLAIR``, ``T1WI、T2WI及FLAIR``."""
        words, join = [self.word("names", name) for name in names], self.pick(self.style["name_join"])
        return ("、".join(words[:-1]) + join if len(words) > 1 else "") + words[-1]

    def state(self, sequence: str, group: Group, appearance: str, shaped: bool = True) -> None:
        """Add one finding a site of the group to the truth."""
        prefix = ("多发" if group.many else "") + "".join(group.shapes) if shaped else ""
        self.truth += [(sequence, Finding(site, prefix + appearance)) for site in group.sites]


@cache
def style_named(name: str) -> dict:
    """Return a writing style, ``common`` where it says nothing else; raise ValueError if there is none of that name."""
    styles = BOOK["general"] | BOOK["held_out"]
    if name not in styles:
        raise ValueError(f"unknown writing style {name!r}; use one of {', '.join(styles)}")
    return BOOK["common"] | styles[name]
