"""The pair inspector as a widget for JupyterLab: choose or type two reports and see how they match."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from selip_core.errors import SelipError
from selip_core.inspection.pair import CohortPairs, compare, read_sentences
from selip_core.plotting.fonts import CSS_FAMILY
from selip_core.reports.sentences import canonical_sentence
from selip_core.similarity.examples import example_reports
from selip_core.widgets.pair_html import pair_html
from selip_core.widgets.status import Status

OFFERED = 400
"""How many of the most frequent sentences the pickers offer; any other can be typed."""

SLOW_ABOVE = 2000
"""Choice: among more distinct reports than these, which takes a second, a pair is placed only after a word on it."""


class PairInspector:
    """Two reports of choice side by side; show `box`, or the object itself.

    Each report is chosen from the cohort's sentences or typed: a canonical sentence, or free Chinese or English that
    the report parser reads. What cannot be compared is said in a sentence, and the last comparison stays. Among more
    than `SLOW_ABOVE` distinct reports the first pair is shown without its place, so that the page is there at once.

    Parameters
    ----------
    sentences : sequence of str
        Canonical sentences of the cohort's series, repetitions allowed.
    weights : (float, float)
        Of site and appearance tag in the semantic part.
    matching : {"mean", "best"}
        Of the similarity at the start.
    log : Path
        For faults; in the working folder where left out.

    Attributes
    ----------
    box : ipywidgets.VBox
        Its DOM class is ``selip-pairs-widget``; that of the comparison in it is ``selip-pairs``.
    first, second : ipywidgets.Combobox
        The texts.
    """

    def __init__(
        self,
        sentences: Sequence[str],
        *,
        weights: tuple[float, float] = (0.5, 0.5),
        matching: str = "mean",
        log: str | Path = "widgets.log",
    ):
        import ipywidgets as widgets

        self._sentences, self._weights, self.status = list(sentences), weights, Status(log)
        self._distinct = list(dict.fromkeys(self._sentences))
        self._cohorts: dict[str, CohortPairs | None] = {}  # by matching
        self._updating = False
        offered = [text for text, _ in Counter(self._sentences).most_common(OFFERED)]
        self.first, self.second = (_picker(name, offered) for name in ("Report A", "Report B"))
        self.sequences = [
            widgets.Dropdown(options=[""], description="Sequence", layout={"width": "11em"}) for _ in range(2)
        ]
        for dropdown in self.sequences:
            dropdown.layout.display = "none"  # until a text speaks of several
        self.matching = widgets.ToggleButtons(
            options=[("mean over all pairs", "mean"), ("best matching", "best")],
            value=matching,
            description="Matching",
            tooltips=["The paper's similarity", "Each finding with its best counterpart, in both directions"],
        )
        self.stale, self.view = widgets.HTML(), widgets.HTML()
        rows = [
            widgets.HBox([text, sequence], layout={"flex_flow": "row wrap"})
            for text, sequence in zip((self.first, self.second), self.sequences, strict=True)
        ]
        style = widgets.HTML(f"<style>.selip-pairs-widget :is(input,select,b){{font-family:{CSS_FAMILY}}}</style>")
        self.box = widgets.VBox([style, *rows, self.matching, self.status.widget, self.stale, self.view])
        self.box.add_class("selip-pairs-widget")
        self.first.value, self.second.value = self._example()
        self._update(placed=not self._many())
        for control in (self.first, self.second, *self.sequences, self.matching):
            control.observe(lambda _: self._update(), "value")

    def _repr_mimebundle_(self, **options):
        return self.box._repr_mimebundle_(**options)

    def show(self, first: str, second: str) -> None:
        """Compare two texts."""
        self._updating = True
        try:
            self.first.value, self.second.value = first, second
        finally:
            self._updating = False
        self._update()

    def _example(self) -> tuple[str, str]:
        """Return two of the cohort's sentences that are alike in part, or nothing where there are none."""
        try:
            return tuple(canonical_sentence(findings) for findings in example_reports(self._distinct))
        except SelipError:
            return "", ""

    def _many(self) -> bool:
        return len(self._distinct) > SLOW_ABOVE

    def _update(self, *, placed: bool = True) -> None:
        """Read both texts and show their comparison, or say what is wrong with one of them."""
        if self._updating:  # by this very function, or by one that will call it
            return
        self._updating, shown = True, False
        try:
            with self.status.guarded("the comparison"):
                self.view.value, shown = self._compared(placed), True
                among = f"{len(self._distinct):,} distinct reports"
                self.status.note("" if placed else f"The next choice is placed among {among}: it takes some seconds.")
        finally:
            self.stale.value = "" if shown or not self.view.value else "What stands below is the comparison before."
            self._updating = False

    def _compared(self, placed: bool) -> str:
        (sequence_a, first), (sequence_b, second) = (self._sentence(side) for side in (0, 1))
        names = (_heading("A", sequence_a), _heading("B", sequence_b))
        matching = self.matching.value
        comparison = compare(first, second, weights=self._weights)
        if placed and self._many():
            self.status.note(f"Placing the pair among {len(self._distinct):,} distinct reports: some seconds.")
        cohort = self._cohort(matching) if placed else None
        place = cohort.place(first, second) if cohort else None
        return pair_html(comparison, place, matching=matching, names=names)

    def _cohort(self, matching: str) -> CohortPairs | None:
        """Return the cohort's reports, prepared at the first call; nothing where they are too few to make a matrix."""
        if matching not in self._cohorts:
            try:
                self._cohorts[matching] = CohortPairs(self._sentences, weights=self._weights, matching=matching)
            except SelipError:
                self._cohorts[matching] = None
        return self._cohorts[matching]

    def _sentence(self, side: int) -> tuple[str, str]:
        """Return sequence and sentence of a text; where it speaks of several sequences, a picker offers them."""
        try:
            read = read_sentences((self.first, self.second)[side].value)
        except SelipError as error:
            raise SelipError(f"Report {'AB'[side]}: {error}") from None
        picker = self.sequences[side]
        if tuple(read) != picker.options:
            picker.options = tuple(read)
            other = self.sequences[1 - side].value
            picker.value = other if other in read else next(iter(read))  # like with like, where both speak of it
        picker.layout.display = "" if len(read) > 1 else "none"
        return picker.value, read[picker.value]


def _heading(name: str, sequence: str) -> str:
    return f"Report {name}, {sequence}" if sequence else f"Report {name}"


def _picker(name: str, offered: list[str]):
    """Return a field that offers sentences and takes any text."""
    import ipywidgets as widgets

    return widgets.Combobox(
        options=offered,
        description=name,
        placeholder="choose a sentence, or type a report in Chinese or English",
        tooltip="Choose a sentence of the cohort, or type a report in Chinese or English, then press Enter",
        continuous_update=False,
        layout={"width": "min(620px, 100%)"},
        style={"description_width": "6em"},
    )
