import json
from pathlib import Path

import pytest

from selip_core.config import PROFILES
from selip_core.downstream.summary import NOTEBOOKS as COLLECTED
from selip_core.pipeline.schedule import AT_ONCE, next_to_begin, what_is_read
from tests.helpers.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def begun(notebooks, at_once):
    """Return what runs together, step by step, where the one that has run longest ends first."""
    reads, waiting, running, steps = what_is_read(notebooks), list(notebooks), [], []
    while waiting or running:
        while len(running) < at_once and (path := next_to_begin(waiting, running, reads)):
            waiting.remove(path)
            running.append(path)
        steps.append([path.stem[:2] for path in running])
        running.pop(0)
    return steps


def test_one_at_a_time_is_the_order_of_their_numbers():
    assert begun(NOTEBOOKS, 1) == [[path.stem[:2]] for path in NOTEBOOKS]


def test_of_two_at_once_none_begins_before_what_it_reads_has_ended():
    steps = begun(NOTEBOOKS, 2)
    assert steps[:4] == [["01"], ["02"], ["03", "04"], ["04"]]
    assert ["05", "06"] in steps and not [step for step in steps if {"06", "07"} <= set(step)]
    assert not [step for step in steps if "08" in step and {"05", "06", "07", "09"} & set(step)]


def test_the_summary_begins_when_all_that_it_collects_has_ended():
    reads = {path.stem: names for path, names in what_is_read(NOTEBOOKS).items()}
    before, waiting = set(), ["09_summary"]
    while waiting:
        found = reads[waiting.pop()] - before
        before |= found
        waiting += found
    assert set(COLLECTED) <= before


def test_a_notebook_that_is_chosen_alone_waits_for_nothing():
    assert begun(NOTEBOOKS[7:], 2)[0][0] == "08"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', json.dumps({"cells": [{}]})])
def test_what_is_no_notebook_reads_nothing(tmp_path, text):
    (tmp_path / "01_one.ipynb").write_text(text)
    gone = [tmp_path / "01_one.ipynb", Path("02_gone.ipynb")]
    assert what_is_read(gone) == {path: set() for path in gone}


def test_profiles_that_run_several_at_once_are_there():
    assert set(AT_ONCE) <= set(PROFILES) and min(AT_ONCE.values()) > 1
