"""Two reports side by side as HTML with an inline SVG, nothing fetched: text is escaped, colour never alone."""

from html import escape

import numpy as np

from selip_core.inspection.pair import PairComparison, PairPlace
from selip_core.plotting.fonts import CSS_FAMILY
from selip_core.plotting.pair_layout import (
    BOX_WIDTH,
    FONT,
    LABEL_HEIGHT,
    LABEL_WIDTH,
    SMALL_FONT,
    WIDTH,
    Drawing,
    Line,
    Link,
    draw_pair,
)
from selip_core.plotting.style import (
    BEST_COLOUR,
    BLUE_TINT,
    DARK,
    INK,
    LINK_COLOUR,
    MATRIX_COLOURS,
    PALE,
    SHARED_COLOUR,
    VERMILION,
)

_STYLE = f"""
.selip-pairs {{background:#fff;color:{INK};padding:8px;max-width:{WIDTH + 16}px;
  font:13px/1.5 {CSS_FAMILY}}}
.selip-pairs svg {{max-width:100%;height:auto;font-family:{CSS_FAMILY}}}
.selip-pairs table {{border-collapse:collapse;margin:8px 0;font-size:13px}}
.selip-pairs caption {{text-align:left;font-weight:600;padding:2px 0}}
.selip-pairs th,.selip-pairs td {{border:1px solid {PALE};padding:2px 8px;text-align:left;color:{INK};
  background:#fff}}
.selip-pairs td.number {{text-align:right;font-variant-numeric:tabular-nums}}
.selip-pairs tr.counted td,.selip-pairs tr.counted th {{background:{BLUE_TINT}}}
.selip-pairs ol {{margin:0;padding-left:2.2em;flex:1 1 320px;overflow-wrap:anywhere}}
.selip-pairs .place {{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}}
"""


def pair_html(
    comparison: PairComparison,
    place: PairPlace | None = None,
    *,
    matching: str = "mean",
    names: tuple[str, str] = ("Report A", "Report B"),
) -> str:
    """Return a view of two reports: findings matched by lines, scores, and their place in the cohort's matrix.

    Parameters
    ----------
    comparison : PairComparison
    place : PairPlace, optional
        The part on the cohort is left out without it.
    matching : {"mean", "best"}
        Which pairs of findings are joined by lines: all that are similar, or each finding with its best counterpart.
    names : (str, str)
        Headings of the two reports.

    Returns
    -------
    str
        An element of class ``selip-pairs`` with its style.
    """
    parts = [
        f'<div class="selip-pairs" role="region" aria-label="Pair of reports"><style>{_STYLE}</style>',
        _findings_svg(comparison, draw_pair(comparison, matching), matching, names),
        *(f"<p>{escape(words)}</p>" for words in _remarks(comparison, matching)),
        _score_table(comparison, matching),
        _pair_table(comparison, matching),
    ]
    if place is not None:
        parts.append(_place_html(place))
    return "".join(parts) + "</div>"


def _remarks(comparison: PairComparison, matching: str) -> list[str]:
    """Return what must be said beside the picture."""
    normal = [name for name, findings in zip("AB", comparison.findings, strict=True) if not findings]
    if normal:
        return [
            f"{' and '.join(normal)}: no findings (the normal statement), so that the similarity is 0 by definition."
        ]
    counted = {"mean": "the mean over all pairs", "best": "the mean of the best matches in both directions"}
    drawn = "best matches" if matching == "best" else "best matches (solid) and other pairs above 0 (dashed)"
    words = f"Lines: {drawn}; number and width are the mixed similarity. That of the reports is {counted[matching]}."
    shared = "Underlined characters are those that a finding shares with its best counterpart."
    return [words, shared] if comparison.best_pairs() else ["No finding of A is similar to one of B."]


def _findings_svg(comparison: PairComparison, drawing: Drawing, matching: str, names: tuple[str, str]) -> str:
    score = comparison.scores[matching]["mixed"]
    title = f"{names[0]} and {names[1]}: {len(drawing.links)} lines between findings, mixed similarity {score:.2f}"
    parts = [_svg(WIDTH, round(drawing.height), title)]
    for x, name in zip((0, WIDTH - BOX_WIDTH), names, strict=True):
        parts.append(f'<text x="{x}" y="16" font-size="13" font-weight="600" fill="{INK}">{escape(name)}</text>')
    parts += [_link_svg(link, comparison) for link in drawing.links]
    for box in (*drawing.boxes[0], *drawing.boxes[1]):
        parts.append(f'<rect x="{box.x}" y="{box.y:.1f}" width="{BOX_WIDTH}" height="{box.height:.1f}" rx="4" '
                     f'fill="#fff" stroke="{DARK}"/>')  # fmt: skip
        parts += [_line_svg(line) for line in box.lines]
    parts += [_label_svg(link) for link in drawing.links if link.label]
    return "".join(parts) + "</svg>"


def _link_svg(link: Link, comparison: PairComparison) -> str:
    (x0, y0), (x1, y1) = link.start, link.end
    colour, dash = (BEST_COLOUR, "") if link.best else (LINK_COLOUR, ' stroke-dasharray="6 4"')
    words = _pair_words(comparison, link.i, link.j)
    return (
        f'<line x1="{x0}" y1="{y0:.1f}" x2="{x1}" y2="{y1:.1f}" stroke="{colour}" opacity="0.8" '
        f'stroke-width="{1 + 7 * link.similarity:.1f}"{dash}><title>{escape(words)}</title></line>'
    )


def _label_svg(link: Link) -> str:
    x, y = link.label
    colour = BEST_COLOUR if link.best else LINK_COLOUR
    return (
        f'<rect x="{x - LABEL_WIDTH / 2:.1f}" y="{y - LABEL_HEIGHT / 2:.1f}" width="{LABEL_WIDTH}" rx="3" '
        f'height="{LABEL_HEIGHT}" fill="#fff" stroke="{colour}"/><text x="{x:.1f}" y="{y + 4.5:.1f}" '
        f'font-size="12" text-anchor="middle" fill="{INK}">{link.similarity:.2f}</text>'
    )


def _line_svg(line: Line) -> str:
    """Return a line of text; shared characters are underlined, bold and coloured."""
    spans = "".join(
        f'<tspan fill="{SHARED_COLOUR}" font-weight="700" text-decoration="underline">{escape(c)}</tspan>'
        if shared else escape(c)
        for c, shared in line.characters
    )  # fmt: skip
    size, colour = (SMALL_FONT, DARK) if line.small else (FONT, INK)
    return f'<text x="{line.x}" y="{line.baseline:.1f}" font-size="{size}" fill="{colour}">{spans}</text>'


def _pair_words(comparison: PairComparison, i: int, j: int) -> str:
    site, signal = ("same" if part[i, j] else "different" for part in (comparison.same_site, comparison.same_tag))
    return (
        f"finding {i + 1} of A and {j + 1} of B: {site} site, {signal} signal word; "
        f"syntax {comparison.syntax[i, j]:.2f}, semantic {comparison.semantic[i, j]:.2f}, "
        f"mixed {comparison.mixed[i, j]:.2f}"
    )


def _score_table(comparison: PairComparison, matching: str) -> str:
    rows = [
        f'<tr{" class=counted" if name == matching else ""}><th scope="row">{words}</th>'
        + "".join(f'<td class="number">{scores[kind]:.3f}</td>' for kind in ("syntax", "semantic", "mixed"))
        + f"<td>{'drawn above' if name == matching else ''}</td></tr>"
        for name, words in (("mean", "mean over all pairs"), ("best", "best matching"))
        for scores in [comparison.scores[name]]
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("matching", "syntax", "semantic", "mixed", ""))
    return f"<table><caption>Similarity of the two reports</caption><tr>{head}</tr>{''.join(rows)}</table>"


def _pair_table(comparison: PairComparison, matching: str) -> str:
    if not comparison.mixed.size:
        return ""
    best = set(comparison.best_pairs())
    rows = []
    for i, first in enumerate(comparison.findings[0]):
        for j, second in enumerate(comparison.findings[1]):
            counted = matching == "mean" or (i, j) in best
            shared = "".join(sorted(comparison.shared_characters(i, j)))
            words = [f"{f.site} {f.appearance}" for f in (first, second)] + [
                shared or "none", "same" if comparison.same_site[i, j] else "different",
                "same" if comparison.same_tag[i, j] else "different",
            ]  # fmt: skip
            numbers = [part[i, j] for part in (comparison.syntax, comparison.semantic, comparison.mixed)]
            rows.append(f"<tr{' class=counted' if counted else ''}>" + "".join(f"<td>{escape(w)}</td>" for w in words)
                        + "".join(f'<td class="number">{n:.2f}</td>' for n in numbers)
                        + f"<td>{'best match' if (i, j) in best else ''}</td></tr>")  # fmt: skip
    names = (
        "finding of A",
        "finding of B",
        "shared characters",
        "site",
        "signal word",
        "syntax",
        "semantic",
        "mixed",
        "",
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    summary = f"Pairs of findings ({len(rows)}), with what counts"
    state = " open" if len(rows) <= 12 else ""
    return f"<details{state}><summary>{summary}</summary><table><tr>{head}</tr>{''.join(rows)}</table></details>"


def _place_html(place: PairPlace) -> str:
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in place.in_words())
    names = place.crop_names
    listed = "".join(f"<li><b>{name}</b> {escape(text)}</li>"
                     for name, text in zip(names, place.crop_sentences, strict=True))  # fmt: skip
    listed = f'<ol style="list-style:none;padding-left:0">{listed}</ol>'
    caption = "A and B in the similarity matrix, with the nearest neighbours of each"
    return f'{words}<b>{caption}</b><div class="place">{_matrix_svg(place, names, caption)}{listed}</div>'


def _matrix_svg(place: PairPlace, names: list[str], title: str) -> str:
    cell, edge = 34, 34
    size = cell * len(names) + edge + 2
    parts = [_svg(size, size, title)]
    for n, name in enumerate(names):
        style = f'font-size="13" text-anchor="middle" fill="{INK}" font-weight="{700 if n in place.marks else 400}"'
        at = edge + cell * n + cell / 2
        parts += [f'<text x="{x}" y="{y}" {style}>{name}</text>' for x, y in ((at, edge - 8), (edge / 2, at + 5))]
    for (i, j), value in np.ndenumerate(place.crop):
        x, y, colour = edge + cell * j, edge + cell * i, "#fff" if value > 0.55 else INK
        parts.append(
            f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="{_blue(value)}" stroke="{PALE}">'
            f"<title>{names[i]} and {names[j]}: {value:.3f}</title></rect>"
            f'<text x="{x + cell / 2}" y="{y + cell / 2 + 4}" font-size="11" text-anchor="middle" '
            f'fill="{colour}" pointer-events="none">{value:.2f}</text>'
        )
    for i, j in {place.marks, place.marks[::-1]}:
        parts.append(
            f'<rect x="{edge + cell * j + 1.5}" y="{edge + cell * i + 1.5}" width="{cell - 3}" '
            f'height="{cell - 3}" fill="none" stroke="{VERMILION}" stroke-width="3"/>'
        )
    return "".join(parts) + "</svg>"


def _svg(width: int, height: int, title: str) -> str:
    """Return the opening of a picture on white, whose title a screen reader reads."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{width}" '
        f'height="{height}" viewBox="-2 0 {width + 4} {height}"><title>{escape(title)}</title>'
        f'<rect x="-2" width="{width + 4}" height="{height}" fill="#fff"/>'
    )


def _blue(value: float) -> str:
    """Return a colour from white to dark blue; the number stands in the cell as well."""
    light, dark = (np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) for colour in MATRIX_COLOURS)
    return "#" + "".join(f"{int(c):02x}" for c in light + min(max(float(value), 0), 1) * (dark - light))
