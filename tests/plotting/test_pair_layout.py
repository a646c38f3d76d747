import itertools

from selip_core.inspection.pair import compare
from selip_core.plotting.pair_layout import BOX_WIDTH, LABEL_HEIGHT, LABEL_WIDTH, WIDTH, draw_pair

MANY = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号，在脑桥表现为点状短信号，在右侧额叶表现为片状长信号"


def test_numbers_on_lines_do_not_cover_each_other():
    drawing = draw_pair(compare(MANY, MANY))
    labels = [link.label for link in drawing.links if link.label]
    assert len(labels) > 6
    for (x, y), (u, v) in itertools.combinations(labels, 2):
        assert abs(x - u) >= LABEL_WIDTH or abs(y - v) >= LABEL_HEIGHT


def test_boxes_of_a_report_stand_below_each_other_and_hold_their_text():
    long = "在" + "左侧额叶" * 12 + "表现为片状" + "very-long-words-" * 5 + "长信号"
    for side, boxes in enumerate(draw_pair(compare(long, MANY)).boxes):
        assert all(upper.y + upper.height < lower.y for upper, lower in itertools.pairwise(boxes))
        for box in boxes:
            assert box.x == (0, WIDTH - BOX_WIDTH)[side]
            assert all(box.y < line.baseline < box.y + box.height for line in box.lines)


def test_only_best_matches_are_joined_under_the_best_matching():
    comparison = compare(MANY, "在脑桥表现为点状长信号，在左侧额叶表现为片状短信号")
    assert sorted((link.i, link.j) for link in draw_pair(comparison, "best").links) == comparison.best_pairs()
    assert len(draw_pair(comparison).links) == (comparison.mixed > 0).sum()
