"""What a report of the embedded cohort says of its lesions, clause by clause, and what each clause states."""

import re
from dataclasses import replace

from selip_core.datasets.synthetic.catalogue import Lesion, catalogue
from selip_core.datasets.synthetic.report_styles import Group, Writer
from selip_core.sequences import SEQUENCES, TABLE

# What a report puts first: what is dangerous, then what is old, then what most patients have.
_ORDER = (
    "high_grade_tumour", "low_grade_tumour", "acute_haemorrhage", "subacute_haemorrhage", "acute_infarct",
    "subacute_infarct", "old_infarct", "lacune", "white_matter_lesion", "cyst",
)  # fmt: skip
MASSES = ("high_grade_tumour", "low_grade_tumour")
HAEMORRHAGES = ("acute_haemorrhage", "subacute_haemorrhage")
_SMALL = ("lacune", "white_matter_lesion")
_SIDES = ("双侧", "左侧", "右侧", "")
_LOBES = ("额叶", "颞叶", "顶叶", "枕叶")
_INTENSITY = {("T1", "long"): "low", ("T1", "short"): "high", ("T2", "long"): "high", ("T2", "short"): "low"}
_RELAXATION_TRUTH = {"long": "长信号", "short": "短信号", "equal": "等信号"}
_INTENSITY_TRUTH = {"high": "高信号", "low": "低信号", "equal": "等信号", "mixed": "混杂信号"}
_ADC_TRUTH = {"low": "信号降低", "high": "信号升高", "equal": "等信号"}
_ENHANCEMENT_TRUTH = {"ring": "环形强化", "none": "无强化"}
_SHAPE_ORDER = (
    "点状", "小圆形", "斑点状", "斑片状", "片状", "大片状",
    "结节状", "脑回状", "不规则形", "团块状", "类圆形", "囊状",
)  # fmt: skip
_SIGNALS = tuple(name for name in SEQUENCES if not TABLE[name].measured and not TABLE[name].contrast)
"""Sequences whose signal is told in words of brightness."""


def group_lesions(writer: Writer, lesions: list[Lesion]) -> list[Group]:
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


def _group(writer: Writer, kind: str, lesions: list[Lesion]) -> Group:
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
    return Group(kind, lesions, shapes, count >= 3, location, sites)


def _site_list(writer: Writer, sites: list[str]) -> tuple[list[str], str]:
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


def describe_group(writer: Writer, group: Group) -> str:
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
        clauses.append(writer.pick(style["hedges"]).format(dx=diagnosis_of(writer, group.kind)))
    return "，".join(clauses)


def _introduce(writer: Writer, group: Group, levels: dict[str, str]) -> str:
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


def _signals(writer: Writer, group: Group, levels: dict[str, str]) -> list[str]:
    """Write the sequences that the introduction has left, neighbours of one level together."""
    style, clauses = writer.style, []
    left = [s for s in _SIGNALS if s in levels]
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


def _extent(writer: Writer, group: Group) -> list[str]:
    """Write size and margin, oftener of masses than of specks."""
    large = group.kind in MASSES + HAEMORRHAGES + ("cyst",)
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


def _oedema(writer: Writer, group: Group, kind: dict) -> list[str]:
    """Write the oedema around a mass; where T2 or FLAIR is missing, the other one is named."""
    seen = [s for s in ("T2", "FLAIR") if s in writer.acquired]
    if "oedema_mm" not in kind or not seen or writer.rng.random() > 0.9:
        return []
    phrase = writer.pick(writer.style["oedema"]) if len(seen) == 2 else writer.style["oedema_named"]
    for sequence in seen:
        writer.state(sequence, group, "水肿", shaped=False)
    return [phrase.format(seqs=writer.sequences(seen))]


def diagnosis_of(writer: Writer, kind: str) -> str:
    """Return the diagnosis of a kind, one word for it in the whole report."""
    if ("diagnosis", kind) not in writer.words:
        writer.words["diagnosis", kind] = writer.pick(catalogue()["kinds"][kind]["diagnosis"])
    return writer.words["diagnosis", kind]
