import numpy as np

from selip_core.plotting.embedding_map import map_figure


def test_a_figure_has_one_panel_a_labelling_and_counts_in_its_legends():
    points = np.random.default_rng(0).normal(size=(12, 2))
    sites = [f"site {i}" for i in range(10)] + ["site 0"] * 2
    figure = map_figure(points, {"sequence": ["T1", "T2"] * 6, "site": sites}, top=3)
    assert [axis.get_title() for axis in figure.axes] == ["sequence", "site"]
    legends = [[text.get_text() for text in axis.get_legend().get_texts()] for axis in figure.axes]
    assert legends == [["T1 (6)", "T2 (6)"], ["site 0 (3)", "site 1 (1)", "site 2 (1)", "other (7)"]]
    assert sum(len(scatter.get_offsets()) for scatter in figure.axes[1].collections) == 12


def test_the_legends_of_a_figure_do_not_reach_into_each_other():
    points = np.random.default_rng(0).normal(size=(40, 2))
    names = [f"双侧侧脑室旁白质{i % 9}" for i in range(40)]
    figure = map_figure(points, {"one": names, "two": names, "three": names})
    figure.canvas.draw()
    boxes = [axis.get_legend().get_window_extent() for axis in figure.axes]
    assert all(left.x1 <= right.x0 for left, right in zip(boxes, boxes[1:]))
    assert all(box.y0 >= 0 and box.y1 <= axis.get_window_extent().y0 + 1 for box, axis in zip(boxes, figure.axes))
