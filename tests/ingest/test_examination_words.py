"""Words of devices and parts: no word for the one is one for the other."""

import re

import pytest

from selip_core.ingest.examination_words import HEADS, MR, OTHER_DEVICES, OTHER_PARTS


def found(words, text):
    return re.search("|".join(words), text) is not None


@pytest.mark.parametrize("text", ["MR", "MRI", "MRT", "RM", "RMN", "IRM", "磁共振", "RESONANCIA MAGNETICA"])
def test_devices_of_mr(text):
    assert found(MR, text) and not found(OTHER_DEVICES, text)


@pytest.mark.parametrize("text", ["CT", "TAC", "TDM", "RX", "RÖNTGEN", "ULTRASCHALL", "超声", "SCANNER THORACIQUE"])
def test_other_devices(text):
    assert found(OTHER_DEVICES, text) and not found(MR, text)


@pytest.mark.parametrize("text", ["TORAX", "HWS", "KNIE LINKS", "RODILLA", "GENOU", "OMBRO", "BECKEN", "REINS", "頚椎"])
def test_other_parts(text):
    assert found(OTHER_PARTS, text) and not found(HEADS, text)


@pytest.mark.parametrize("text", ["ENCEFALO", "CRANEO", "SCHADEL", "脳"])
def test_heads(text):
    assert found(HEADS, text) and not found(OTHER_PARTS, text)


@pytest.mark.parametrize("text", ["FLOWS", "REINSERTION", "VENTRICLE", "BRAIN RO MS", "TROMBOSIS", "STROKE"])
def test_words_that_hold_a_part_are_none(text):
    assert not found(OTHER_PARTS, text) and not found(OTHER_DEVICES, text)
