"""Figures of why a match: what they show, and that their text is drawn."""

import warnings

import numpy as np
import pandas as pd
import pytest

from selip_core.inspection.saliency_tables import RANDOMISED, TRAINED
from selip_core.plotting import saliency as figures
from selip_core.widgets.viewer import COLOURS

SHAPE = (6, 12, 10)


def maps():
    rng = np.random.default_rng(0)
    saliency = np.zeros(SHAPE, np.float32)
    saliency[2, 4:6, 2:4] = 2
    saliency[4, 4:6, 2:4] = 1
    return rng.normal(size=SHAPE), saliency


def test_slices_with_most_saliency_and_mask_are_shown():
    volume, saliency = maps()
    mask = np.zeros(SHAPE, bool)
    mask[3, 5:8, 5:8] = True
    figure = figures.saliency_slices(volume, saliency, mask, title="在左侧额叶", slices=3)
    assert [axis.get_title() for axis in figure.axes[:3]] == [f"slice {d} of 6" for d in (3, 4, 5)]
    outlined = [len(axis.collections) for axis in figure.axes[:6]]
    assert outlined == [0, 1, 0, 0, 1, 0]  # the mask's slice, in both rows


def test_the_overlay_is_transparent_where_nothing_is_salient():
    volume, saliency = maps()
    figure = figures.saliency_slices(volume, saliency, slices=1)
    overlay = figure.axes[1].images[1].get_array()[::-1, ::-1]
    assert overlay[..., 3].max() == pytest.approx(0.85) and np.all(overlay[saliency[2] == 0, 3] == 0)
    assert "share of its maximum" in figure.axes[-1].get_ylabel()


def test_a_map_without_saliency_is_drawn():
    volume, saliency = maps()
    figure = figures.saliency_slices(volume, 0 * saliency, slices=2)
    assert all(axis.images[1].get_array()[..., 3].max() == 0 for axis in figure.axes[2:4])


def test_right_is_on_the_left():
    volume, saliency = maps()
    volume[2] = np.arange(10)  # brighter towards the patient's right
    shown = figures.saliency_slices(volume, saliency, slices=1).axes[0].images[0].get_array()
    assert (shown[:, 0] == 9).all()


def test_sites_stand_beside_their_chance():
    table = pd.DataFrame([
        {"site": site, "map": name, "share": share, "low": share - 0.01, "high": share + 0.01, "chance": 0.02,
         "patients": 12}
        for site in ("all sites", "额叶") for name, share in ((TRAINED, 0.06), (RANDOMISED, 0.03))
    ])  # fmt: skip
    table.loc[3, ["low", "high"]] = np.nan  # too few patients
    axis = figures.saliency_by_site(table).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["all sites (12)", "额叶 (12)"]
    points = [container.lines[0].get_xdata() for container in axis.containers]
    assert np.allclose(points, [[6, 6], [3, 3]])
    chance = next(c for c in axis.collections if c.get_label().startswith("chance"))
    assert [segment[0][0] for segment in chance.get_segments()] == [2, 2]


def test_characters_are_coloured_by_what_they_carried():
    saliency = np.array([0.2, -0.2, 0.0, np.nan])
    axis = figures.character_map("左侧b额", saliency).axes[0]
    assert [text.get_text() for text in axis.texts] == ["左", "侧", "b", "额"]
    faces = [patch.get_facecolor() for patch in axis.patches]
    assert faces[0][0] > faces[0][2] and faces[1][2] > faces[1][0]  # orange for, violet against
    assert np.ptp(faces[2][:3]) < 0.02 and len(set(faces[3][:3])) == 1 and faces[2] != faces[3]
    widths = [patch.get_width() for patch in axis.patches]
    assert widths[0] == widths[3] > widths[2]


def test_a_long_text_is_broken_into_lines():
    axis = figures.character_map("额" * 30, np.zeros(30), line=12).axes[0]
    assert len({patch.get_y() for patch in axis.patches}) == 3
    assert max(patch.get_x() + patch.get_width() for patch in axis.patches) <= 12


def test_chinese_is_drawn_without_missing_glyphs():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.character_map("在左侧额叶，T1WI", np.linspace(-1, 1, 10)).canvas.draw()


@pytest.mark.parametrize("written", [r"a$\foo$", "$$"])
def test_what_a_hospital_or_a_user_writes_is_no_formula(written):
    figures.character_map(written, np.zeros(len(written)), title=written).canvas.draw()
    figures.saliency_slices(*maps(), title=written, slices=1).canvas.draw()


def test_saliency_has_the_colours_of_the_viewer():
    figure = figures.saliency_slices(*maps(), slices=1)
    assert figure.axes[-1].collections[-1].get_cmap().name == COLOURS["saliency"]


def test_one_value_a_character_is_asked_for():
    with pytest.raises(ValueError, match="3 values for the 4 characters"):
        figures.character_map("左侧额叶", np.zeros(3))
