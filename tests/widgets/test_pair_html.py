import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from selip_core.inspection.pair import CohortPairs, compare
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.widgets.pair_html import pair_html

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"
COHORT = [FIRST, SECOND, "在脑桥表现为点状短信号", "在脑沟表现为增宽", NORMAL_STATEMENT]


@pytest.fixture(scope="module")
def cohort():
    return CohortPairs(COHORT)


def svgs(page):
    """Return the pictures of a page as XML, which is stricter than HTML."""
    parts = [part.split("</svg>")[0] for part in page.split("<svg ")[1:]]
    return [ElementTree.fromstring(f"<svg {part}</svg>") for part in parts]


def test_a_view_has_lines_that_say_what_they_mean(cohort):
    comparison = compare(FIRST, SECOND)
    findings, matrix = svgs(pair_html(comparison, cohort.place(FIRST, SECOND)))
    space = "{http://www.w3.org/2000/svg}"
    for svg in (findings, matrix):
        assert svg.get("role") == "img" and svg.get("aria-label") == svg.find(f"{space}title").text
    lines = findings.findall(f"{space}line")
    assert sorted(float(line.get("stroke-width")) for line in lines) == pytest.approx(
        sorted(1 + 7 * float(v) for v in comparison.mixed.flat), abs=0.06
    )
    titles = {line.find(f"{space}title").text for line in lines}
    assert any("same site, same signal word; syntax 0.95, semantic 1.00, mixed 0.95" in title for title in titles)
    underlined = [s.text for s in findings.iter(f"{space}tspan") if s.get("text-decoration") == "underline"]
    assert "".join(underlined) == "左侧额叶片状长信号" + "状长信号" + "左侧额叶片状长信号"


def test_a_view_shows_the_scores_and_the_place(cohort):
    comparison, place = compare(FIRST, SECOND), cohort.place(FIRST, SECOND)
    page = pair_html(comparison, place, matching="best")
    assert 'class="selip-pairs"' in page and "SeLIP Sans CJK" in page
    assert all(f"{score:.3f}" in page for scores in comparison.scores.values() for score in scores.values())
    assert all(words in page for words in place.in_words())
    assert "similarity matrix" not in pair_html(comparison)


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_text_of_reports_is_escaped_and_nothing_is_fetched():
    evil = "在<img/src=x/onerror=alert(1)>&\"'表现为<script>长信号"
    page = pair_html(compare(evil, SECOND), CohortPairs(COHORT).place(evil, SECOND), names=("<i>A</i>", "B"))
    tags = Tags(page).found
    assert not {tag for tag, _ in tags} & {"img", "script", "i", "link", "iframe"}
    assert not [
        name for _, attributes in tags for name in attributes if name.startswith("on") or name in ("src", "href")
    ]
    assert len(svgs(page)) == 2


def test_a_view_of_a_normal_report_says_that_there_are_no_findings():
    page = pair_html(compare(NORMAL_STATEMENT, FIRST))
    assert "A: no findings (the normal statement)" in page and not svgs(page)[0].findall("*line")
