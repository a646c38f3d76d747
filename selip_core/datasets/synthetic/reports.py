"""Free-text Chinese reports of the embedded cohort, with the findings that a careful reader takes from each of them.

The wording is data (``report_styles.yaml``); here stands what each phrase means. The text says nothing about a
sequence that was not acquired, and the truth holds what the text says, not what the volume shows.
"""

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from selip_core.datasets.synthetic.catalogue import Lesion, catalogue
from selip_core.reports.sentences import Finding

_BOOK = yaml.safe_load(Path(__file__).with_name("report_styles.yaml").read_text(encoding="utf-8"))

STYLE_WEIGHTS: dict[str, float] = {name: style["weight"] for name, style in _BOOK["general"].items()}
"""How often each general style writes; the relaxation idiom (长T1长T2) has three quarters, as in the clinic."""

STYLES = tuple(STYLE_WEIGHTS)
"""Writing styles for general use."""

HELD_OUT_STYLES = tuple(_BOOK["held_out"])
"""Writing styles kept apart, to test a parser on wording that its rules were not written for."""

# What a report puts first: what is dangerous, then what is old, then what most patients have.
_ORDER = (
    "high_grade_tumour", "low_grade_tumour", "acute_haemorrhage", "subacute_haemorrhage", "acute_infarct",
    "subacute_infarct", "old_infarct", "lacune", "white_matter_lesion", "cyst",
)  # fmt: skip
_MASSES = ("high_grade_tumour", "low_grade_tumour")
_HAEMORRHAGES = ("acute_haemorrhage", "subacute_haemorrhage")
_SMALL = ("lacune", "white_matter_lesion")
_SIDES = ("双侧", "左侧", "右侧", "")
_LOBES = ("额叶", "颞叶", "顶叶", "枕叶")
_POSTERIOR = ("小脑半球", "桥小脑角区", "脑桥", "中脑", "延髓", "小脑蚓部")
_INTENSITY = {("T1", "long"): "low", ("T1", "short"): "high", ("T2", "long"): "high", ("T2", "short"): "low"}
_RELAXATION_TRUTH = {"long": "长信号", "short": "短信号", "equal": "等信号"}
_INTENSITY_TRUTH = {"high": "高信号", "low": "低信号", "equal": "等信号", "mixed": "混杂信号"}
_ADC_TRUTH = {"low": "信号降低", "high": "信号升高", "equal": "等信号"}
_ENHANCEMENT_TRUTH = {"ring": "环形强化", "none": "无强化"}
_SHAPE_ORDER = (
    "点状", "小圆形", "斑点状", "斑片状", "片状", "大片状",
    "结节状", "脑回状", "不规则形", "团块状", "类圆形", "囊状",
)  # fmt: skip


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


@dataclass(frozen=True)
class _Group:
    """Lesions of one kind that share a clause, with the words drawn for them."""

    kind: str
    lesions: list[Lesion]
    shapes: list[str]
    many: bool
    location: str
    sites: list[str]  # canonical, with their sides, in the order of the text


@dataclass
class _Writer:
    """One report in the making: its style, its random numbers, what was acquired, what was said so far."""

    style: dict
    rng: np.random.Generator
    acquired: set[str]
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    truth: list[tuple[str, Finding]] = field(default_factory=list)
    denied_restriction: bool = False

    def pick(self, choices):
        """Draw from a mapping by weight or from a list evenly; a string is itself."""
        if isinstance(choices, str):
            return choices
        weights = np.array(list(choices.values()) if isinstance(choices, dict) else np.ones(len(choices)), float)
        picked = list(choices)[self.rng.choice(len(weights), p=weights / weights.sum())]
        return picked if isinstance(choices, list) else self.pick(picked)

    def chance(self, key: str) -> bool:
        return self.rng.random() < self.style[key]

    def word(self, table: str, name: str) -> str:
        """Return the word for `name`, drawn once a report: nobody changes terms halfway."""
        if (table, name) not in self.words:
            self.words[table, name] = self.pick(self.style[table][name])
        return self.words[table, name]

    def sequences(self, names: list[str]) -> str:
        """Name sequences together: ``T2WI及FLAIR``, ``T1WI、T2WI及FLAIR``."""
        words, join = [self.word("names", name) for name in names], self.pick(self.style["name_join"])
        return ("、".join(words[:-1]) + join if len(words) > 1 else "") + words[-1]

    def state(self, sequence: str, group: _Group, appearance: str, shaped: bool = True) -> None:
        """Add one finding a site of the group to the truth."""
        prefix = ("多发" if group.many else "") + "".join(group.shapes) if shaped else ""
        self.truth += [(sequence, Finding(site, prefix + appearance)) for site in group.sites]


@cache
def _style(name: str) -> dict:
    styles = _BOOK["general"] | _BOOK["held_out"]
    if name not in styles:
        raise ValueError(f"unknown writing style {name!r}; use one of {', '.join(styles)}")
    return _BOOK["common"] | styles[name]


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
    writer = _Writer(_style(style), rng, set(sequences))
    if not lesions:
        findings = writer.pick(writer.style["normal"]) + _extracranial(writer)
        return WrittenReport(_type(writer, findings), _type(writer, writer.pick(writer.style["normal_impression"])))
    shift = next((lesion for lesion in lesions if lesion.kind == "midline_shift"), None)
    groups = _groups(writer, lesions)
    sentences = [writer.pick(writer.style["openings"])]
    for group in groups:
        sentences.append(_describe(writer, group) + "。")
        if shift and group.kind in catalogue()["kinds"]["midline_shift"]["after"]:
            sentences.append(_shift(writer, shift))
    atrophy = any(lesion.kind == "atrophy" for lesion in lesions)
    sentences += [_atrophy(writer, bool(shift))] if atrophy else []
    sentences += [_normal_remarks(writer, groups, bool(shift), atrophy), _extracranial(writer)]
    impression = _impression(writer, groups, lesions)
    newline = "\n" if writer.chance("newline") else ""
    text = newline.join(s for s in sentences if s)
    return WrittenReport(_type(writer, text), _type(writer, impression), writer.truth)


def _groups(writer: _Writer, lesions: list[Lesion]) -> list[_Group]:
    """Gather lesions of one kind that a reader would put into one clause."""
    by_kind = {kind: [lesion for lesion in lesions if lesion.kind == kind] for kind in _ORDER}
    groups = []
    for kind, members in by_kind.items():
        if not members:
            continue
        mix, across = False, writer.chance("merge_sides")
        if kind in _SMALL:  # their shape words are loose: readers take one for all, or list them
            if writer.chance("one_shape"):
                shape = max(members, key=lambda lesion: lesion.foci * lesion.radius_mm**3).shape
                members = [replace(lesion, shape=shape) for lesion in members]
            mix = writer.chance("both_shapes")
        clauses: dict[tuple, list[Lesion]] = {}
        for lesion in members:
            key = ("" if mix else lesion.shape, "" if across else lesion.side)
            clauses.setdefault(key, []).append(lesion)
        groups += [_group(writer, kind, clause) for clause in clauses.values()]
    return groups


def _group(writer: _Writer, kind: str, lesions: list[Lesion]) -> _Group:
    """Choose the words for where the lesions lie, and decide 多发 for all of them together."""
    sides: dict[str, set[str]] = {}
    for lesion in lesions:
        sides.setdefault(lesion.site, set()).add(lesion.side)
    blocks: dict[str, list[str]] = {side: [] for side in _SIDES}
    for site in catalogue()["sites"]:
        if site in sides:
            # Left and right of one kind at one site are written 双侧, as one finding.
            side = "双侧" if {"左侧", "右侧"} <= sides[site] else next(iter(sides[site]))
            blocks[side].append(site)
    phrases, sites = [], []
    for side, members in blocks.items():
        if members:
            listed, phrase = _site_list(writer, members)
            phrases.append((writer.word("sides", side) if side else "") + phrase)
            sites += [side + site for site in listed]
    location = phrases[0]
    if len(phrases) > 1:
        location = "、".join(phrases[:-1]) + writer.pick(writer.style["block_join"]) + phrases[-1]
    count = sum(lesion.foci * (2 if lesion.side == "双侧" else 1) for lesion in lesions)
    shapes = sorted({lesion.shape for lesion in lesions if lesion.shape}, key=_SHAPE_ORDER.index)
    return _Group(kind, lesions, shapes, count >= 3, location, sites)


def _site_list(writer: _Writer, sites: list[str]) -> tuple[list[str], str]:
    """Return the sites of one side in the order of the text, and the text: ``额顶叶``, ``额叶、顶叶及岛叶``."""
    lobes = [lobe for lobe in _LOBES if lobe in sites]
    if len(lobes) > 1 and writer.chance("compound"):
        sites = lobes + [site for site in sites if site not in lobes]
        words = ["".join(lobe[0] for lobe in lobes) + "叶"]
    else:
        lobes, words = [], []
    words += [writer.word("sites", site) for site in sites[len(lobes) :]]
    if len(words) == 1:
        return sites, words[0]
    return sites, writer.style["site_join"].join(words[:-1]) + writer.pick(writer.style["last_join"]) + words[-1]


def _describe(writer: _Writer, group: _Group) -> str:
    """Write the clause that introduces a group of lesions, and those that follow it."""
    style, kind = writer.style, catalogue()["kinds"][group.kind]
    levels = {s: level for s, level in kind["signal"].items() if s in writer.acquired}
    if levels.get("ADC") == "high" and not writer.chance("adc_high"):
        del levels["ADC"]
    unsaid_dwi = "DWI" in writer.acquired and levels.get("DWI", "low") == "low"
    if unsaid_dwi and "DWI" in levels and not writer.chance("dwi_low"):
        del levels["DWI"]
    clauses = [_introduce(writer, group, levels)]
    clauses += _extent(writer, group)
    signals = _signals(writer, group, levels)
    if unsaid_dwi and "DWI" not in levels and writer.chance("dwi_negative"):
        signals.insert(len(signals) - ("ADC" in levels), writer.pick(style["dwi_negative_phrases"]))
        writer.denied_restriction = True
    clauses += signals
    clauses += _oedema(writer, group, kind)
    if "T1ce" in levels:
        clauses.append(writer.pick(style["enhance"][levels["T1ce"]]))
        writer.state("T1ce", group, _ENHANCEMENT_TRUTH[levels["T1ce"]], shaped=False)
    if writer.chance("hedge"):
        clauses.append(writer.pick(style["hedges"]).format(dx=_diagnosis(writer, group.kind)))
    return "，".join(clauses)


def _introduce(writer: _Writer, group: _Group, levels: dict[str, str]) -> str:
    """Write where and what; removes from `levels` what it has said."""
    style = writer.style
    single = len(group.sites) == 1 and not group.sites[0].startswith("双侧") and group.lesions[0].foci == 1
    words = {
        "loc": group.location,
        "count": writer.pick(style["several"]) if group.many else writer.pick(style["single"]) if single else "",
        "shape": writer.pick(style["shape_join"]).join(group.shapes),
        "signal": writer.pick(style["vague"]),
    }
    template = writer.pick(style["introduce"])
    relaxing = [s for s in ("T1", "T2") if s in levels]
    if style["idiom"] == "relaxation" and relaxing:
        parts = [writer.pick(style["relax_words"][levels[s]]) + s for s in relaxing]
        words["signal"] = writer.pick(style["relax_join"]).join(parts) + writer.pick(style["relax_noun"])
        for sequence in relaxing:
            writer.state(sequence, group, _RELAXATION_TRUTH[levels.pop(sequence)])
    if style["idiom"] == "lead":
        leads = [s for s in ("T2", "FLAIR", "T1", "DWI") if s in levels]
        if not leads:
            return style["introduce_vague"].format(**words)
        level = _level(leads[0], levels)
        named = leads[:1]
        if leads[:2] == ["T2", "FLAIR"] and _level("FLAIR", levels) == level and writer.chance("merge_sequences"):
            named = leads[:2]
        words |= {"seqs": writer.sequences(named), "word": writer.pick(style["words"][level])}
        for sequence in named:
            del levels[sequence]
            writer.state(sequence, group, _INTENSITY_TRUTH[level])
    # 旁内, 下内: what lies beside or below a thing is not inside it.
    return re.sub("(?<=[旁围下底])内", "", template.format(**words))


def _level(sequence: str, levels: dict[str, str]) -> str:
    """Return the level in the wording of brightness: long T1 is low, long T2 is high."""
    return _INTENSITY.get((sequence, levels[sequence]), levels[sequence])


def _signals(writer: _Writer, group: _Group, levels: dict[str, str]) -> list[str]:
    """Write the sequences that the introduction has left, neighbours of one level together."""
    style, clauses = writer.style, []
    left = [s for s in ("T1", "T2", "FLAIR", "DWI") if s in levels]
    restricted = levels.get("DWI") == "high" and levels.get("ADC") == "low" and writer.chance("restricted")
    if restricted:
        left.remove("DWI")
    while left:
        named, level = [left.pop(0)], ""
        level = _level(named[0], levels)
        while left and _level(left[0], levels) == level and writer.chance("merge_sequences"):
            named.append(left.pop(0))
        choices = style["dwi_high"] if named == ["DWI"] and level == "high" else style["words"][level]
        clauses.append(writer.pick(style["say"]).format(seqs=writer.sequences(named), word=writer.pick(choices)))
        for sequence in named:
            writer.state(sequence, group, _INTENSITY_TRUTH[level])
    if restricted:
        clauses.append(writer.pick(style["restricted_phrases"]))
        writer.state("DWI", group, _INTENSITY_TRUTH["high"])
        writer.state("ADC", group, _ADC_TRUTH["low"])
    elif "ADC" in levels:
        clauses.append(writer.pick(style["adc"][levels["ADC"]]).format(adc=writer.word("names", "ADC")))
        as_written = re.search("[高低]信号", clauses[-1])
        writer.state("ADC", group, as_written[0] if as_written else _ADC_TRUTH[levels["ADC"]])
    return clauses


def _extent(writer: _Writer, group: _Group) -> list[str]:
    """Write size and margin, oftener of masses than of specks."""
    large = group.kind in _MASSES + _HAEMORRHAGES + ("cyst",)
    share = 0.85 if large else 0.3 if "infarct" in group.kind else 0.1
    clauses = []
    if writer.rng.random() < share:
        phrases = writer.style["largest_phrases" if group.many or len(group.sites) > 1 else "size_phrases"]
        diameter = 0.2 * max(lesion.radius_mm for lesion in group.lesions)  # cm
        a, b, c = (max(0.2, round(diameter * x, 1)) for x in (1.1, *writer.rng.uniform(0.7, 1.0, 2)))
        clauses.append(writer.pick(phrases).format(a=a, b=b, c=c, am=round(10 * a), bm=round(10 * b)))
    if (large or "infarct" in group.kind) and writer.chance("margin"):
        sharp = group.kind in ("cyst", "old_infarct", "subacute_haemorrhage")
        clauses.append(writer.pick(writer.style["margins"]["sharp" if sharp else "blurred"]))
    return clauses


def _oedema(writer: _Writer, group: _Group, kind: dict) -> list[str]:
    """Write the oedema around a mass; where T2 or FLAIR is missing, the other one is named."""
    seen = [s for s in ("T2", "FLAIR") if s in writer.acquired]
    if "oedema_mm" not in kind or not seen or writer.rng.random() > 0.9:
        return []
    phrase = writer.pick(writer.style["oedema"]) if len(seen) == 2 else writer.style["oedema_named"]
    for sequence in seen:
        writer.state(sequence, group, "水肿", shaped=False)
    return [phrase.format(seqs=writer.sequences(seen))]


def _morphology(writer: _Writer, clauses: list[str], meanings: dict[str, Finding]) -> str:
    """Join clauses about form; a keyword in them states its finding on T1, T2 and FLAIR alike."""
    text = "，".join(clauses)
    for keyword in sorted((k for k in meanings if k in text), key=text.index):
        writer.truth += [(s, meanings[keyword]) for s in ("T1", "T2", "FLAIR") if s in writer.acquired]
    return text + "。"


def _shift(writer: _Writer, lesion: Lesion) -> str:
    same, away = lesion.side, {"左侧": "右侧", "右侧": "左侧"}[lesion.side]
    words = {"same": same, "away": away, "aw": away[0], "sw": writer.word("sides", same)}
    clauses = [clause.format(**words) for clause in writer.pick(writer.style["shift"])]
    meanings = {"中线": Finding("中线结构", f"向{away}移位"), "脑室": Finding(f"{same}侧脑室", "受压变窄")}
    return _morphology(writer, clauses, meanings)


def _atrophy(writer: _Writer, shifted: bool) -> str:
    meanings = {"脑沟": Finding("脑沟", "增宽"), "脑室": Finding("双侧侧脑室", "扩大")}
    if shifted:  # a ventricle that the mass compresses is not called wide in the next sentence
        return _morphology(writer, ["脑沟增宽"], meanings)
    return _morphology(writer, writer.pick(writer.style["atrophy"]), meanings)


def _normal_remarks(writer: _Writer, groups: list[_Group], shift: bool, atrophy: bool) -> str:
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


def _extracranial(writer: _Writer) -> str:
    """Write a chance finding outside the brain; it is no finding of the brain and leaves no truth."""
    if not writer.chance("extracranial"):
        return ""
    choices = writer.style["extracranial_phrases"]
    usable = [phrase for phrase in choices if "{t2}" not in phrase or "T2" in writer.acquired]
    relaxing = writer.style["idiom"] == "relaxation"
    return writer.pick(usable).format(t2=writer.style["extracranial_t2"]["relaxation" if relaxing else "word"])


def _impression(writer: _Writer, groups: list[_Group], lesions: list[Lesion]) -> str:
    """Write the numbered diagnoses."""
    style, items = writer.style, []
    for group in groups:
        if group.kind in _MASSES:
            template = writer.pick(style["mass_impression"])
        else:
            hedged = writer.chance("impression_hedge")
            template = writer.pick(style["impression_hedges" if hedged else "impression_plain"])
        count = style["several_dx"] if group.many and group.kind not in _HAEMORRHAGES else ""
        items.append(template.format(loc=group.location, count=count, dx=_diagnosis(writer, group.kind)))
    if any(lesion.kind == "atrophy" for lesion in lesions):
        items.append(_diagnosis(writer, "atrophy"))
    numbered = [style["item"].format(n=n, text=text) for n, text in enumerate(items, 1)]
    body = ("".join(numbered) if len(items) > 1 else items[0]).rstrip("； ")
    body = body.replace("？。", "？").replace("脑脑", "脑")  # 丘脑 + 脑软化灶 is written 丘脑软化灶
    return body + ("" if body[-1] in "。？" else "。") + writer.pick(style["advice"])


def _diagnosis(writer: _Writer, kind: str) -> str:
    """Return the diagnosis of a kind, one word for it in the whole report."""
    if ("diagnosis", kind) not in writer.words:
        writer.words["diagnosis", kind] = writer.pick(catalogue()["kinds"][kind]["diagnosis"])
    return writer.words["diagnosis", kind]


def _type(writer: _Writer, text: str) -> str:
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
