"""Free-text Chinese reports of the embedded cohort, with the findings that a careful reader takes from each of them.

The wording is data (``report_styles.yaml``); what each phrase means stands here and in ``report_lesions``. The text
says nothing about a sequence that was not acquired, and the truth holds what the text says, not what the volume shows.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from selip_core.datasets.synthetic.catalogue import Lesion, catalogue
from selip_core.datasets.synthetic.report_lesions import (
    HAEMORRHAGES,
    MASSES,
    Group,
    describe_group,
    diagnosis_of,
    group_lesions,
)
from selip_core.datasets.synthetic.report_styles import Writer, style_named
from selip_core.reports.sentences import OTHER_SIDE, Finding

_POSTERIOR = ("小脑半球", "桥小脑角区", "脑桥", "中脑", "延髓", "小脑蚓部")


@dataclass(frozen=True)
class WrittenReport:
    """A report and what it states.

    Parameters
    ----------
    findings : str
        检查所见.
    impression : str
        诊断意见; names diagnoses only, and so adds nothing to `truth`.
    truth : list of (str, Finding)
        Sequence and finding, in the order of the text; empty for a normal patient.
    """

    findings: str
    impression: str
    truth: list[tuple[str, Finding]] = field(default_factory=list)


def write_report(lesions: list[Lesion], sequences: set[str], rng: np.random.Generator, style: str) -> WrittenReport:
    """Write the report of one patient in free clinical Chinese.

    Parameters
    ----------
    lesions : list of Lesion
        Empty for a normal patient.
    sequences : set of str
        Sequences that were acquired; the report speaks of no other.
    rng : numpy.random.Generator
        The only source of chance.
    style : str
        One of `STYLES` or `HELD_OUT_STYLES`.

    Returns
    -------
    WrittenReport

    Raises
    ------
    ValueError
        If `style` is unknown.
    """
    writer = Writer(style_named(style), rng, set(sequences))
    if not lesions:
        findings = writer.pick(writer.style["normal"]) + _extracranial(writer)
        return WrittenReport(_type(writer, findings), _type(writer, writer.pick(writer.style["normal_impression"])))
    shift = next((lesion for lesion in lesions if lesion.kind == "midline_shift"), None)
    groups = group_lesions(writer, lesions)
    sentences = [writer.pick(writer.style["openings"])]
    for group in groups:
        sentences.append(describe_group(writer, group) + "。")
        if shift and group.kind in catalogue()["kinds"]["midline_shift"]["after"]:
            sentences.append(_shift(writer, shift))
    atrophy = any(lesion.kind == "atrophy" for lesion in lesions)
    sentences += [_atrophy(writer, bool(shift))] if atrophy else []
    sentences += [_normal_remarks(writer, groups, bool(shift), atrophy), _extracranial(writer)]
    impression = _impression(writer, groups, lesions)
    newline = "\n" if writer.chance("newline") else ""
    text = newline.join(s for s in sentences if s)
    return WrittenReport(_type(writer, text), _type(writer, impression), writer.truth)


def _morphology(writer: Writer, clauses: list[str], meanings: dict[str, Finding]) -> str:
    """Join clauses about form; a keyword in them states its finding on T1, T2 and FLAIR alike."""
    text = "，".join(clauses)
    for keyword in sorted((k for k in meanings if k in text), key=text.index):
        writer.truth += [(s, meanings[keyword]) for s in ("T1", "T2", "FLAIR") if s in writer.acquired]
    return text + "。"


def _shift(writer: Writer, lesion: Lesion) -> str:
    same, away = lesion.side, OTHER_SIDE[lesion.side]
    words = {"same": same, "away": away, "aw": away[0], "sw": writer.word("sides", same)}
    clauses = [clause.format(**words) for clause in writer.pick(writer.style["shift"])]
    meanings = {"中线": Finding("中线结构", f"向{away}移位"), "脑室": Finding(f"{same}侧脑室", "受压变窄")}
    return _morphology(writer, clauses, meanings)


def _atrophy(writer: Writer, shifted: bool) -> str:
    meanings = {"脑沟": Finding("脑沟", "增宽"), "脑室": Finding("双侧侧脑室", "扩大")}
    if shifted:  # a ventricle that the mass compresses is not called wide in the next sentence
        return _morphology(writer, ["脑沟增宽"], meanings)
    return _morphology(writer, writer.pick(writer.style["atrophy"]), meanings)


def _normal_remarks(writer: Writer, groups: list[Group], shift: bool, atrophy: bool) -> str:
    """Write what is normal beside the findings, and nothing that contradicts them."""
    normals, kinds = writer.style["normals"], catalogue()["kinds"]
    remarks = [writer.pick(normals["rest" if groups else "alone"])]
    silent = "DWI" in writer.acquired and not writer.denied_restriction
    if silent and all(kinds[g.kind]["signal"].get("DWI") != "high" for g in groups):
        remarks.append(writer.pick(normals["dwi"]))
    if shift or atrophy:
        remarks += [] if shift else [writer.pick(normals["midline"])]
        remarks += [] if atrophy else [writer.pick(normals["sulci"])]
    else:
        remarks.append(writer.pick(normals["both"]))
    if not any(lesion.site in _POSTERIOR for group in groups for lesion in group.lesions):
        remarks.append(writer.pick(normals["posterior"]))
    if "T1ce" in writer.acquired:
        remarks.append(writer.pick(normals["ce"]))
    return "".join(remarks)


def _extracranial(writer: Writer) -> str:
    """Write a chance finding outside the brain; it is no finding of the brain and leaves no truth."""
    if not writer.chance("extracranial"):
        return ""
    choices = writer.style["extracranial_phrases"]
    usable = [phrase for phrase in choices if "{t2}" not in phrase or "T2" in writer.acquired]
    relaxing = writer.style["idiom"] == "relaxation"
    return writer.pick(usable).format(t2=writer.style["extracranial_t2"]["relaxation" if relaxing else "word"])


def _impression(writer: Writer, groups: list[Group], lesions: list[Lesion]) -> str:
    """Write the numbered diagnoses."""
    style, items = writer.style, []
    for group in groups:
        if group.kind in MASSES:
            template = writer.pick(style["mass_impression"])
        else:
            hedged = writer.chance("impression_hedge")
            template = writer.pick(style["impression_hedges" if hedged else "impression_plain"])
        count = style["several_dx"] if group.many and group.kind not in HAEMORRHAGES else ""
        items.append(template.format(loc=group.location, count=count, dx=diagnosis_of(writer, group.kind)))
    if any(lesion.kind == "atrophy" for lesion in lesions):
        items.append(diagnosis_of(writer, "atrophy"))
    numbered = [style["item"].format(n=n, text=text) for n, text in enumerate(items, 1)]
    body = ("".join(numbered) if len(items) > 1 else items[0]).rstrip("； ")
    body = body.replace("？。", "？").replace("脑脑", "脑")  # 丘脑 + 脑软化灶 is written 丘脑软化灶
    return body + ("" if body[-1] in "。？" else "。") + writer.pick(style["advice"])


def _type(writer: Writer, text: str) -> str:
    """Type the text as hands do: full-width letters, half-width commas, lower case, stray white space."""
    if writer.chance("lower"):
        text = re.sub("FLAIR|DWI|ADC", lambda m: m[0].lower(), text)
    if writer.chance("ascii"):
        text = text.translate(str.maketrans("，；：（）", ",;:()"))
    if writer.chance("fullwidth"):
        text = re.sub("T[12]|DWI|ADC", lambda m: "".join(chr(ord(c) + 0xFEE0) for c in m[0]), text)
    if writer.chance("space"):
        # Beside a sequence name only, where typists and line breaks leave it.
        gaps = "(?<=[长短等])(?=[TＴ])|(?<=[12１２])(?=[长短等信])|(?<=，)(?=[FDTA])"
        text = re.sub(gaps, lambda _: " " * int(writer.rng.integers(2)), text)
    return text
