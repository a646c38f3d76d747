"""The source of the data stands below all that a figure draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from selip_core.pipeline.stamping import save_stamped, width_on_screen
from selip_core.plotting.style import apply_style


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        apply_style()
        yield


def test_stamp_lies_below_everything_drawn(tmp_path):
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.set_xlabel("a\nlong\nlabel\nbelow\nthe\nfigure")
    lowest = figure.get_tightbbox().y0
    save_stamped(figure, tmp_path, "tall", caption="A caption.", source="Data: a test")
    stamp = figure.texts[-1].get_window_extent()
    assert stamp.y1 / figure.dpi < lowest
    plt.close(figure)


def test_stamp_lies_below_a_legend_outside_the_axes(tmp_path):
    figure, axis = plt.subplots(figsize=(3, 2), layout="constrained")
    axis.plot([0, 1], color="red", label="a line")
    axis.set_xlabel("lower than the axes\nby two lines")
    figure.legend(loc="outside lower center")
    save_stamped(figure, tmp_path, "legend", caption="A caption.", source="Data: a test")
    plt.close(figure)
    pixels = plt.imread(tmp_path / "legend.png")[..., :3]
    red = np.flatnonzero(((pixels[..., 0] > 0.9) & (pixels[..., 1] < 0.1)).any(axis=1))
    inked = np.flatnonzero((pixels < 0.95).any(axis=(1, 2)))
    assert not (np.diff(inked) > 1).any() or red.max() < inked[np.flatnonzero(np.diff(inked) > 1)[-1] + 1]


def test_a_figure_is_shown_at_its_size_on_paper_and_never_wider_than_a_page(tmp_path):
    for inches, pixels in ((6, 576), (40, 900)):
        figure = plt.figure(figsize=(inches, 1))
        figure.add_axes((0, 0, 1, 1)).patch.set_alpha(1)
        png = save_stamped(figure, tmp_path, "a", caption="A caption.", source="s")
        plt.close(figure)
        assert abs(width_on_screen(png) - pixels) <= 0.2 * pixels  # and the room of the ticks
