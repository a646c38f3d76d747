"""The quality report of an ingested cohort: everything is shown, nothing is executed, a thumbnail never fails."""

import base64
import io
from html.parser import HTMLParser
from itertools import permutations, product

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from selip_core.ingest.quality import SERIES_COLUMNS, SIDE, thumbnail, write_quality_report
from selip_core.ingest.report_tables import PROBLEM_COLUMNS
from selip_core.pipeline.report_html import external_resources

ORIENTATIONS = [c for axes in permutations(("LR", "PA", "IS")) for c in product(*axes)]


def head(mark=(-30, 0, 0)) -> nib.Nifti1Image:
    """Return a grey ball in RAS+ with a bright ball off its centre, at (right, anterior, superior) mm."""
    affine = np.diag([4.0, 3.0, 6.0, 1.0])
    affine[:3, 3] = -affine[:3, :3].diagonal() * (np.array([40, 54, 28]) - 1) / 2
    x, y, z = np.meshgrid(
        *(affine[i, 3] + affine[i, i] * np.arange(n) for i, n in enumerate((40, 54, 28))), indexing="ij"
    )
    voxels = 100.0 * (x**2 + y**2 + z**2 < 70**2)
    voxels[(x - mark[0]) ** 2 + (y - mark[1]) ** 2 + (z - mark[2]) ** 2 < 13**2] = 400
    return nib.Nifti1Image(voxels.astype(np.float32), affine)


def panels(data: bytes) -> list[np.ndarray]:
    pixels = np.asarray(Image.open(io.BytesIO(data)), float)
    assert pixels.shape == (SIDE, 3 * SIDE)
    return np.split(pixels, 3, axis=1)


def spot(panel: np.ndarray) -> np.ndarray:
    """Return (rows down, columns right) of the bright spot from the centre, in pixels."""
    return np.argwhere(panel > 200).mean(axis=0) - (SIDE - 1) / 2


@pytest.mark.parametrize("codes", ORIENTATIONS, ids="".join)
def test_left_is_on_the_right_whatever_the_orientation_of_the_file(tmp_path, codes):
    turn = nib.orientations.ornt_transform([[0, 1], [1, 1], [2, 1]], nib.orientations.axcodes2ornt(codes))
    nib.save(head(mark=(-30, 0, 0)).as_reoriented(turn), tmp_path / "a.nii")
    axial, coronal, _ = panels(thumbnail(tmp_path / "a.nii"))
    for panel in (axial, coronal):
        down, right = spot(panel)
        assert abs(down) < 4 and right > 10


@pytest.mark.parametrize(
    ("mark", "panel", "sign"),
    [((0, 30, 0), 0, (-1, 0)), ((0, 0, 30), 1, (-1, 0)), ((0, 30, 0), 2, (0, -1)), ((0, 0, 30), 2, (-1, 0))],
)
def test_front_and_top_are_where_a_radiologist_looks_for_them(tmp_path, mark, panel, sign):
    nib.save(head(mark), tmp_path / "a.nii")
    found = spot(panels(thumbnail(tmp_path / "a.nii"))[panel])
    for place, wanted in zip(found, sign, strict=True):
        assert place * wanted > 10 if wanted else abs(place) < 4


def test_a_head_is_round_though_its_voxels_are_not(tmp_path):
    nib.save(head(), tmp_path / "a.nii")
    for panel in panels(thumbnail(tmp_path / "a.nii")):
        rows, columns = np.nonzero(panel > 40)
        assert abs(np.ptp(rows) - np.ptp(columns)) <= 5


def test_an_oblique_scan_and_the_first_of_several_volumes_are_shown(tmp_path):
    image = head()
    turn = nib.affines.from_matvec(nib.eulerangles.euler2mat(z=0.4, y=0.1, x=0.2))
    voxels = np.stack([image.get_fdata(), np.zeros(image.shape)], axis=-1).astype(np.float32)
    nib.save(nib.Nifti1Image(voxels, turn @ image.affine), tmp_path / "a.nii.gz")
    assert spot(panels(thumbnail(tmp_path / "a.nii.gz"))[0])[1] > 10


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "two axes", "no affine", "NaN", "constant", "colours"])
def test_a_thumbnail_never_raises(tmp_path, kind):
    path = tmp_path / "a.nii"
    voxels = {
        "two axes": np.ones((9, 9), np.float32), "NaN": np.full((9, 9, 9), np.nan, np.float32),
        "constant": np.ones((9, 9, 9), np.float32),
        "colours": np.zeros((9, 9, 9), [("R", "u1"), ("G", "u1"), ("B", "u1")]),
    }.get(kind, head().get_fdata(dtype=np.float32))  # fmt: skip
    if kind != "missing":
        nib.Nifti1Image(voxels, np.eye(4)).to_filename(path)
    if kind == "no affine":
        data = path.read_bytes()
        path.write_bytes(data[:280] + bytes(48) + data[328:])
    if kind == "text":
        path.write_text("no volume")
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-5000])
    shown = thumbnail(path)
    assert (shown is None) == (kind in ("missing", "text", "cut", "colours"))


def test_a_thumbnail_is_small(tmp_path):
    rng = np.random.default_rng(0)
    nib.save(nib.Nifti1Image(rng.normal(100, 20, (64, 64, 40)).astype(np.float32), np.eye(4)), tmp_path / "a.nii")
    assert len(thumbnail(tmp_path / "a.nii")) < 12_000  # noise is the worst case


EVIL = '<script>alert("x")</script>'


def series(**more) -> pd.DataFrame:
    row = dict.fromkeys(SERIES_COLUMNS, "") | {"patient_id": "P1", "study_id": "S1", "thumbnail": ""} | more
    return pd.DataFrame([row])


@pytest.fixture
def written(tmp_path):
    nib.save(head(), tmp_path / "a.nii")
    picture = base64.b64encode(thumbnail(tmp_path / "a.nii")).decode()
    write_quality_report(
        tmp_path,
        title=EVIL,
        kept=series(sequence="T1", description=f"=cmd {EVIL} 头颅", path="images/a.nii.gz", thumbnail=picture),
        set_aside=pd.concat([series(reason=EVIL, description="scout", thumbnail=picture), series(reason="SWI")]),
        problems=pd.DataFrame([["r.csv row 2", "P9", "", EVIL, "left out"]], columns=PROBLEM_COLUMNS),
        counts={"set_aside": 2, EVIL: 1},
        notes=[EVIL],
    )
    return tmp_path


def test_the_page_shows_all_of_it_and_runs_none_of_it(written):
    page = (written / "quality.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;") == 8  # the title twice, a reason twice
    assert page.count('<img loading="lazy"') == 2
    for text in ("头颅", "scout", "SWI", "r.csv row 2", "images/a.nii.gz", "set aside"):
        assert text in page
    assert external_resources(page) == []
    assert "default-src 'none'" in page


def test_every_tag_of_the_page_is_closed(written):
    open_tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Tags().feed((written / "quality.html").read_text(encoding="utf-8"))
    assert open_tags == []


def test_the_table_has_a_row_for_each_series_and_no_formula(written):
    table = pd.read_csv(written / "quality.csv", keep_default_na=False)
    assert list(table.columns) == SERIES_COLUMNS
    assert table["reason"].tolist() == ["", EVIL, "SWI"]
    assert table["description"][0].startswith("'=cmd")


def test_a_cohort_without_anything_is_a_page_too(tmp_path):
    nothing = pd.DataFrame(columns=[*SERIES_COLUMNS, "thumbnail"])
    empty = pd.DataFrame(columns=PROBLEM_COLUMNS)
    write_quality_report(tmp_path, title="x", kept=nothing, set_aside=nothing, problems=empty, counts={"series": 0})
    assert (tmp_path / "quality.html").read_text(encoding="utf-8").count("<p>None.</p>") == 3
    assert pd.read_csv(tmp_path / "quality.csv").empty
