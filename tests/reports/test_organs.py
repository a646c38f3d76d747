"""Ventricles, sulci and the midline: a change of shape is that of the organ, and of the side, of which it is said."""

import pytest

from selip_core.reports.organs import MORPHOLOGY_SEQUENCES, Organs
from selip_core.reports.parser import parse_report


def changes(text):
    found = parse_report(text)
    assert all(found.get(sequence, []) == found.get("T1", []) for sequence in MORPHOLOGY_SEQUENCES)
    return [f.site + f.appearance for f in found.get("T1", [])]


# fmt: off
@pytest.mark.parametrize(
    ("text", "told"),
    [
        # one side's change is not the other's
        ("右侧侧脑室受压变窄，左侧侧脑室扩大", ["右侧侧脑室受压变窄", "左侧侧脑室扩大"]),
        ("左侧侧脑室扩大，右侧侧脑室受压变窄", ["左侧侧脑室扩大", "右侧侧脑室受压变窄"]),
        ("左侧侧脑室前角受压变窄、右侧侧脑室扩大", ["左侧侧脑室受压变窄", "右侧侧脑室扩大"]),
        ("右侧侧脑室受压变窄而左侧侧脑室扩大", ["右侧侧脑室受压变窄", "左侧侧脑室扩大"]),
        ("左侧侧脑室受压变窄，对侧侧脑室扩大", ["左侧侧脑室受压变窄", "右侧侧脑室扩大"]),
        ("左侧额叶占位，同侧侧脑室受压变窄，对侧侧脑室扩大", ["左侧侧脑室受压变窄", "右侧侧脑室扩大"]),
        ("左侧侧脑室受压，幕上脑室积水扩张", ["左侧侧脑室受压变窄", "双侧侧脑室扩大"]),
        # a side alone is the organs' that were named
        ("双侧侧脑室不对称，左侧稍大", ["左侧侧脑室扩大"]),
        ("双侧侧脑室对称，未见扩大，右侧略受压", ["右侧侧脑室受压变窄"]),
        ("右侧侧脑室后角受压，变窄，左侧稍大", ["右侧侧脑室受压变窄", "左侧侧脑室扩大"]),
        # nor that of what it is compared with
        ("右侧侧脑室较左侧稍大", ["右侧侧脑室扩大"]),
        ("右侧侧脑室较左侧侧脑室扩大", ["右侧侧脑室扩大"]),
        ("右侧侧脑室较对侧增宽", ["右侧侧脑室扩大"]),
        ("双侧侧脑室不对称，左侧较右侧稍大", ["左侧侧脑室扩大"]),
        # what is denied or normal stays so
        ("双侧侧脑室未见扩大，脑沟增宽", ["脑沟增宽"]),
        ("双侧侧脑室无扩大，脑沟增宽", ["脑沟增宽"]),
        ("双侧侧脑室不大，脑沟增宽", ["脑沟增宽"]),
        ("双侧侧脑室未见扩张，脑沟增宽", ["脑沟增宽"]),
        ("双侧侧脑室形态正常，脑沟略宽，中线结构左移", ["脑沟增宽", "中线结构向左侧移位"]),
        ("双侧侧脑室大小正常，左侧侧脑室后角受压", ["左侧侧脑室受压变窄"]),
        ("双侧侧脑室、脑沟均未见异常，左侧侧脑室前角扩大", ["左侧侧脑室扩大"]),
        ("脑沟增宽，双侧侧脑室未见扩大", ["脑沟增宽"]),
        ("双侧侧脑室对称，占位压迫脑组织", []),
        ("中线结构居中，占位向左侧推移脑组织", []),
        ("右侧基底节区血肿破入脑室，右侧丘脑受压", []),
        # a change of something else is none of the organs named before
        ("双侧侧脑室对称，右侧大脑中动脉M1段狭窄", []),
        ("脑室系统形态正常，基底动脉迂曲扩张", []),
        ("脑室系统形态正常，透明隔间腔增宽", []),
        ("中线结构居中，鼻中隔左偏", []),
        ("双侧侧脑室扩大，导水管狭窄", ["双侧侧脑室扩大"]),
        ("脑沟正常，左侧横窦增宽", []),
        ("脑沟正常，左侧泪囊增宽", []),
        ("双侧侧脑室对称，代偿性扩大", ["双侧侧脑室扩大"]),
        # a measure is no change
        ("双侧侧脑室前角宽约5mm，未见扩大", []),
        ("第三脑室宽约6mm，侧脑室体部最宽处15mm", []),
        ("双侧侧脑室增宽，宽约15mm", ["双侧侧脑室扩大"]),
        # the verb may come first
        ("左侧额叶占位，压迫左侧侧脑室", ["左侧侧脑室受压变窄"]),
        ("左侧丘脑占位，压迫第三脑室致双侧侧脑室扩大", ["双侧侧脑室扩大"]),
        # a list goes on, and so does what is said of it
        ("双侧侧脑室，脑沟增宽", ["双侧侧脑室扩大", "脑沟增宽"]),
        ("双侧侧脑室及脑沟扩大增宽", ["双侧侧脑室扩大", "脑沟增宽"]),
        ("双侧侧脑室及第三脑室扩大，第四脑室正常，脑沟增宽", ["双侧侧脑室扩大", "脑沟增宽"]),
        ("侧脑室、第三脑室对称，扩大", ["双侧侧脑室扩大"]),
        ("左侧侧脑室受压，变形，中线右移", ["左侧侧脑室受压变窄", "中线结构向右侧移位"]),
        ("中线结构移位，向左侧偏移约6mm", ["中线结构向左侧移位"]),
    ],
)
# fmt: on
def test_a_change_is_that_of_the_organ_it_is_said_of(text, told):
    assert changes(text) == told


# fmt: off
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("中线结构向左偏移", ["中线结构向左侧移位"]),
        ("中线结构稍向左侧偏移", ["中线结构向左侧移位"]),
        ("中线结构往右侧移位", ["中线结构向右侧移位"]),
        ("中线稍向右侧推移", ["中线结构向右侧移位"]),
        ("中线结构向左侧约3mm移位", ["中线结构向左侧移位"]),
        ("中线结构向右侧轻度移位", ["中线结构向右侧移位"]),
        ("中线结构向左", ["中线结构向左侧移位"]),
        ("左侧额叶占位，中线结构向对侧移位", ["中线结构向右侧移位"]),
        ("右侧额叶病灶跨中线向左侧生长", []),
        ("中线结构居中，病灶向左侧延伸", []),
        ("胼胝体病灶跨中线，向左侧扣带回延伸", []),
        ("病灶向左侧生长，中线结构向右移位", ["中线结构向右侧移位"]),
    ],
)
# fmt: on
def test_growth_across_the_midline_is_no_shift(text, told):
    assert changes(text) == told


def test_an_organ_named_after_something_was_said_begins_a_list():
    organs = Organs()
    organs.name("侧脑室", "左侧")
    assert {f.site for _, f in organs.changed({"侧脑室": ("侧脑室", "扩大")})} == {"左侧侧脑室"}
    organs.name("侧脑室", "")
    organs.name("脑沟", "")
    assert organs.named == [("侧脑室", ""), ("脑沟", "")] and organs.side == ""
    assert {f.site for _, f in organs.changed({"侧脑室": ("侧脑室", "扩大")})} == {"双侧侧脑室"}
