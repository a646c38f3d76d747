import pytest

from selip_core.config import PROFILES, get_settings
from selip_core.errors import SelipError


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_valid_and_frozen(profile):
    settings = get_settings(profile)
    assert settings.profile == profile
    with pytest.raises(Exception, match="frozen"):
        settings.profile = "other"


def test_unknown_profile_lists_the_known_ones():
    with pytest.raises(SelipError, match="choose one of smoke, demo, study, paper"):
        get_settings("quick")


@pytest.mark.parametrize(
    "change, named",
    [
        ({"pretraining": {"stps": 3}}, "pretraining.stps"),
        ({"pretraining": {"steps": 0}}, "pretraining.steps = 0"),
        ({"image_encoder": {"pooling": "max"}}, "image_encoder.pooling = 'max'"),
        ({"cohorts": {}}, "cohorts"),
        ({"ablation": {"fractions": (0.5,), "curve_segmentation": (0.25,)}}, "curve_segmentation has 0.25"),
    ],
)
def test_a_wrong_setting_is_named(change, named):
    with pytest.raises(SelipError, match=named):
        get_settings("demo", **change)


@pytest.mark.parametrize("profile", PROFILES)
def test_intervals_of_every_profile_but_smoke_rest_on_a_thousand_samples(profile):
    assert get_settings(profile).statistics.bootstrap_samples == (200 if profile == "smoke" else 1000)


def test_paper_profile_has_the_published_schedule():
    settings = get_settings("paper").pretraining
    assert (settings.batch_size, settings.steps - settings.warmup_steps) == (64, 100 * 250)
    assert (settings.learning_rate_image, settings.learning_rate_text, settings.warmup_steps) == (1e-4, 5e-5, 5000)
