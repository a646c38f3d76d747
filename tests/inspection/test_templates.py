"""Which templates volumes take, and what the network sees of them."""

import numpy as np
import pytest

from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.encoders.templates import Templates, volume_statistics
from selip_core.inspection.templates import nearest_templates, seen_through_templates
from selip_core.reports.sentences import NORMAL_STATEMENT
from tests.helpers.data import SHAPE


@pytest.fixture
def pairs():
    """Twelve volumes of two sequences, of which the last of each is taken for the other."""
    rng = np.random.default_rng(0)
    volumes = rng.normal(0, 0.1, (24, 1, *SHAPE)).astype(np.float16)
    volumes[:11] += 1
    volumes[23] += 1
    texts = [NORMAL_STATEMENT] * 4 + ["在左侧额叶表现为长信号"] * 20
    return Pairs(volumes, np.arange(24), findings_of(texts), [f"P{i}" for i in range(24)], ["T1"] * 12 + ["T2"] * 12)


@pytest.fixture
def templates(pairs):
    return Templates.of(volume_statistics(pairs.volumes, pairs.rows, pairs.sequences), SHAPE)


def test_the_share_that_takes_its_own_template(templates, pairs):
    table = nearest_templates(templates, pairs).set_index("sequence")
    assert table["own template"].to_dict() == pytest.approx({"T1": 11 / 12, "T2": 11 / 12})
    assert table["most often"].to_dict() == {"T1": "T1", "T2": "T2"} and (table["volumes"] == 12).all()


def test_a_sequence_without_a_template_has_no_share(templates, pairs):
    strange = Pairs(pairs.volumes, pairs.rows, pairs.findings, pairs.patients, ["SWI"] * 12 + ["T2"] * 12)
    table = nearest_templates(templates, strange).set_index("sequence")
    assert np.isnan(table.loc["SWI", "own template"]) and table.loc["SWI", "most often"] == "T1"


def test_a_volume_with_findings_is_shown_of_each_sequence(templates, pairs):
    seen = seen_through_templates(templates, pairs)
    assert set(seen) == {"T1", "T2"}
    assert np.array_equal(seen["T1"]["volume"], pairs.volumes[4, 0].astype(np.float32))  # the first that is not normal
    assert seen["T1"]["seen"].shape == SHAPE and not np.array_equal(seen["T1"]["seen"], seen["T1"]["volume"])
