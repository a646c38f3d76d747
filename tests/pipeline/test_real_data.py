"""The section on real data says what the tables of its run say, and takes its place in the page."""

import pandas as pd
import pytest

from selip_core._utils.files import write_json
from selip_core.pipeline.real_data import NOTEBOOK, kept_section, main
from tests.helpers.made_results import COMMIT, write_run


def write(folder, name, **columns):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(folder / "tables" / f"{name}.csv", index=False)


@pytest.fixture
def results(tmp_path):
    results = tmp_path / "results" / "demo"
    write_run(results, NOTEBOOK)
    return results


@pytest.fixture
def images(results):
    folder = results / NOTEBOOK
    write_json(folder / "metrics.json", {"metrics": {"side_agreement": {"value": 0.975, "n": 80}}})
    write(folder, "lgg_patients", institution=["CS", "EZ"], patients=[80, 2], **{"held out": [True, False]})
    write(folder, "registration", sequence=["T1"], heads=[79], in_own_place=[1], scale_low=[0.9], scale_high=[1.15])
    about = {"low": [0.1, 0.2], "high": [0.8, 0.9]}
    write(folder, "segmentation_scores", method=["scratch", "SeLIP"], fraction=[0.05, 0.05], dice=[0.5, 0.625],
          median_hausdorff_95_mm=[12.5, 9.5], hausdorff_low=[8.0, 7.0], hausdorff_high=["inf", 11.0],
          share_without_distance=[0.25, 0.0], median_absolute_volume_error_ml=[6.0, 5.0], volume_error_low=[4.0, 3.0],
          volume_error_high=[8.0, 7.0], **about)  # fmt: skip
    gain = {"comparison": "SeLIP − scratch", "difference": [0.125], "low": 0.0625, "high": 0.25, "p_holm": 0.003}
    write(folder, "segmentation_differences", fraction=[0.05], **gain)
    write(folder, "codes_scores", approach=["zero-shot"] * 2, method=["scratch", "SeLIP"], label="left side",
          auc=[0.5, 0.75], ceiling=0.98, **about)  # fmt: skip
    for name in ("sentence_to_patient", "own_sentence_to_patient"):
        write(folder, name, method=["scratch", "SeLIP"], percentile=[0.5, 0.875], patients=[80, 80], **about)
        write(folder, f"{name}_differences", **gain)
    return results


def test_real_images_are_told_with_their_intervals(images, tmp_path):
    page = tmp_path / "docs" / "results.md"
    assert main([str(images), "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    for part in (
        "# Results", "## On real data", f"commit {COMMIT}", "profile study", "held out in turn: CS (80).",
        "97.5% of 80 patients",
        "T1 (79 heads, 0.90 to 1.15 times as long)",
        "| untrained | 0.500 (0.100 to 0.800) |", "| SeLIP | 0.625 (0.200 to 0.900) |",
        "| untrained | 12.5 (8.0 to inf) | 25% | 6.0 (4.0 to 8.0) |",
        "| SeLIP − scratch | 5% | +0.125 (+0.062 to +0.250) | 0.003 |", "| zero-shot | SeLIP | 0.75 (0.20 to 0.90) |",
        "| ceiling |  | 0.98 |",
        "| real patients alone | SeLIP − scratch | +0.125",
    ):  # fmt: skip
        assert part in text, part
    assert "against human codes" not in text


def test_the_section_is_exchanged_and_the_rest_of_the_page_stays(images, tmp_path):
    page = tmp_path / "results.md"
    page.write_text("# Results\n\nSynthetic.\n", encoding="utf-8")
    for _ in range(2):
        assert main([str(images), "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Results\n\nSynthetic.\n\n<!-- real data -->") and text.count("## On real data") == 1
    assert kept_section(page) and text.endswith(f"{kept_section(page)}\n")
    assert kept_section(tmp_path / "nowhere.md") == ""


def test_reports_alone_are_told_too(results, tmp_path):
    interval = {f"{key}_{end}": [0.1] for key in ("auc", "rank_correlation") for end in ("low", "high")}
    write(results / NOTEBOOK, "agreement", reports=["chest"], of=["text"], measure=["Dice of words"], auc=[0.6],
          rank_correlation=[0.25], n=[800], **interval)  # fmt: skip
    page = tmp_path / "results.md"
    assert main([str(results), "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| chest | text | Dice of words | 0.600 (0.100 to 0.100) | 0.250" in text and "Segmentation" not in text


def test_without_data_or_run_it_says_what_to_do(results, tmp_path, capsys):
    assert main([str(results), "--page", str(tmp_path / "r.md")]) == 1
    assert "--lgg, --openi or --ct" in capsys.readouterr().err
    assert main([str(tmp_path), "--page", str(tmp_path / "r.md")]) == 1
    assert "--only 11" in capsys.readouterr().err
