import gzip

import nibabel as nib
import numpy as np
import pytest

from selip_core.inspection import saliency
from selip_core.inspection.saliency import volume_saliency
from selip_core.widgets.session import Session
from selip_core.widgets.viewer import COLOURS, WINDOWS, Viewer, _centred
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer, make_model, write_head


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    return make_explorer(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def session(explorer):
    return Session(explorer)


@pytest.fixture
def viewer(session, tmp_path):
    return Viewer(session, tmp_path / "log.txt")


def loaded(volume) -> nib.Nifti1Image:
    return nib.Nifti1Image.from_bytes(gzip.decompress(volume.data))


def test_a_volume_as_an_image_has_its_geometry_and_left_stays_left():
    volume = np.zeros((4, 6, 8), np.float32)
    volume[3, 5, 0] = 7.0  # top, front, left
    image = _centred(volume, (8.0, 4.0, 3.0))
    assert image.shape == (8, 6, 4) and nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.header.get_zooms() == pytest.approx((3.0, 4.0, 8.0))
    place = np.argwhere(image.get_fdata() == 7)[0]
    assert image.affine @ [*place, 1] == pytest.approx([-10.5, 10.0, 12.0, 1.0])  # millimetres, left is negative
    assert nib.affines.apply_affine(image.affine, (np.array(image.shape) - 1) / 2) == pytest.approx([0, 0, 0])


def test_a_series_in_view_is_shown_in_the_spacing_of_the_preprocessing(viewer, session):
    session.view(0)
    (volume,) = viewer.niivue.volumes
    image = loaded(volume)
    assert image.get_fdata().transpose(2, 1, 0) == pytest.approx(session.explorer.volume(0))
    assert image.header.get_zooms() == pytest.approx((12.0, 12.0, 20.0))
    assert "p1 · T1 · train" in viewer.title.value and "embedded" not in viewer.title.value
    assert "user cohort tiny" in viewer.title.value and SENTENCES[0] in viewer.title.value
    assert (
        viewer.slice.max == 3 and viewer.slice.value == 2 and not viewer.status.failed and not viewer.status.widget.note
    )


def test_nothing_in_view_shows_nothing(viewer):
    viewer.refresh()
    viewer.preset.value, viewer.slice.value = "everything", 1
    assert viewer.niivue.volumes == [] and "Pick a series" in viewer.title.value


def test_the_mask_is_laid_over_the_volume_and_switched_off_and_on(viewer, session):
    viewer.overlay.value = "mask"
    session.view(0)
    volume, overlay = viewer.niivue.volumes
    shown = loaded(overlay)
    assert (shown.affine == loaded(volume).affine).all() and overlay.colormap == COLOURS["mask"]
    assert (shown.get_fdata().transpose(2, 1, 0) > 0).tolist() == session.explorer.mask(0).tolist()
    assert np.argwhere(shown.get_fdata())[:, 0].mean() < (shown.shape[0] - 1) / 2  # on the patient's left
    viewer.opacity.value = 0.4
    assert overlay.opacity == 0.4
    viewer.shown.value = False
    assert overlay.opacity == 0
    viewer.shown.value = True
    assert overlay.opacity == 0.4


def test_a_study_without_a_mask_says_so_and_shows_the_volume(viewer, session):
    viewer.overlay.value = "mask"
    session.view(2)
    assert len(viewer.niivue.volumes) == 1 and "no segmentation" in viewer.status.widget.note


def test_saliency_is_that_of_the_text_the_series_was_found_with_or_else_of_its_own(viewer, session):
    viewer.overlay.value = "saliency"
    session.view(6)  # neither found with a text nor described by its report
    assert "saliency needs a text" in viewer.status.widget.error
    session.view(2)
    assert SENTENCES[1] in viewer.status.widget.note  # its own sentence
    session.view(1, SENTENCES[0])
    expected = volume_saliency(session.explorer.model, session.explorer.volume(1), SENTENCES[0])
    shown = loaded(viewer.niivue.volumes[1]).get_fdata().transpose(2, 1, 0)
    assert shown == pytest.approx(expected, rel=1e-3, abs=1e-7)
    assert SENTENCES[0] in viewer.status.widget.note


def test_saliency_is_computed_once_for_a_series_a_text_and_a_model(viewer, session, tmp_path, monkeypatch):
    computed = []
    monkeypatch.setattr(saliency, "volume_saliency", lambda *a: computed.append(a) or volume_saliency(*a))
    other = Viewer(session.beside("map"), tmp_path / "log.txt")
    other.overlay.value = viewer.overlay.value = "saliency"
    session.view(3, SENTENCES[2])
    other.session.view(3, SENTENCES[2])
    assert len(computed) == 1 and len(other.niivue.volumes) == 2
    session.view(3, SENTENCES[1])
    session.use(session.explorer.with_model(make_model(8)))
    assert [a[0] for a in computed][1:] == [computed[0][0], session.explorer.model, session.explorer.model]


def test_the_window_follows_slider_and_preset(viewer, session):
    session.view(0)
    viewer.window.value = (0.25, 1.5)
    assert (viewer.niivue.volumes[0].cal_min, viewer.niivue.volumes[0].cal_max) == (0.25, 1.5)
    for name, percentiles in reversed(WINDOWS.items()):
        viewer.preset.value = name
        low, high = np.percentile(session.explorer.volume(0), percentiles)
        assert viewer.niivue.volumes[0].cal_max == pytest.approx(high, abs=0.06)
        assert viewer.niivue.volumes[0].cal_min == pytest.approx(low, abs=0.06)


def test_slice_slider_and_crosshair_follow_each_other(viewer, session):
    session.view(0)
    viewer.slice.value = 3
    assert viewer.niivue.scene.crosshair_pos[2] == pytest.approx(3.5 / 4)
    viewer.niivue._handle_custom_msg({"event": "location_change", "data": {"frac": [0.5, 0.5, 0.3]}}, [])
    assert viewer.slice.value == 1
    assert viewer.niivue.scene.crosshair_pos[2] == pytest.approx(3.5 / 4)  # the browser has moved it itself


@pytest.mark.parametrize(("view", "name", "axis"), [(1, "Coronal", 1), (2, "Sagittal", 2), (0, "Axial", 0)])
def test_the_slider_moves_through_the_plane_in_view_and_is_named_after_it(viewer, session, view, name, axis):
    session.view(0)
    viewer.niivue._handle_custom_msg({"event": "location_change", "data": {"frac": [0.3, 0.4, 0.6]}}, [])
    viewer.view.value = view
    size = session.explorer.volume(0).shape[axis]
    assert viewer.slice.description == f"{name} slice" and viewer.slice.max == size - 1
    assert viewer.slice.value == int([0.6, 0.4, 0.3][axis] * size)
    viewer.slice.value = 0
    expected = [0.6, 0.4, 0.3]
    expected[axis] = 0.5 / size
    assert viewer.niivue.scene.crosshair_pos == pytest.approx(expected[::-1])  # the other planes stay where they are


def test_the_slider_rests_where_there_is_no_slice(viewer, session):
    session.view(0)
    viewer.view.value = 4
    assert viewer.slice.disabled and "no slices" in viewer.slice.tooltip
    viewer.view.value = 3
    assert not viewer.slice.disabled and viewer.slice.description == "Axial slice"


def test_an_overlay_is_shown_where_most_of_it_lies(viewer, session):
    viewer.overlay.value = "mask"
    session.view(0)
    assert session.explorer.mask(0)[viewer.slice.value].any()


def test_a_file_of_ones_own_is_shown_and_has_no_mask(viewer, session, tmp_path):
    viewer.overlay.value = "mask"
    session.view(session.explorer.read_volume(write_head(tmp_path / "mine.nii.gz")))
    assert "mine.nii.gz" in viewer.title.value and "no segmentation here" in viewer.status.widget.note
    assert len(viewer.niivue.volumes) == 1


def shown_of(viewer) -> np.ndarray:
    return loaded(viewer.niivue.volumes[0]).get_fdata().transpose(2, 1, 0)


def test_an_overlay_that_fails_leaves_the_series_in_view_under_its_own_name(tmp_path):
    session = Session(make_explorer(tmp_path))
    viewer = Viewer(session, tmp_path / "log.txt")
    viewer.overlay.value = "saliency"
    session.view(2)
    session.view(6)  # without a text
    assert "p4 · T1" in viewer.title.value and len(viewer.niivue.volumes) == 1
    assert shown_of(viewer) == pytest.approx(session.explorer.volume(6))
    session.explorer.cohort.directory.joinpath("mask.nii.gz").write_bytes(b"broken")
    viewer.overlay.value = "mask"
    session.view(0)
    assert "p1 · T1" in viewer.title.value and "cannot be read as a mask" in viewer.status.widget.error
    assert shown_of(viewer) == pytest.approx(session.explorer.volume(0))


def test_a_volume_that_cannot_be_read_leaves_name_and_picture_of_the_one_before(viewer, session):
    session.view(0)
    session.view(10_000)
    assert "p1 · T1" in viewer.title.value and "Something went wrong" in viewer.status.widget.error
    assert shown_of(viewer) == pytest.approx(session.explorer.volume(0))


def test_a_fault_is_a_sentence_and_leaves_its_trace_in_the_log(tmp_path, capsys):
    session = Session(make_explorer(tmp_path))
    viewer = Viewer(session, tmp_path / "log.txt")
    capsys.readouterr()
    session.explorer.cohort.directory.joinpath("mask.nii.gz").write_bytes(b"broken")
    viewer.overlay.value = "mask"
    session.view(0)
    assert "cannot be read as a mask" in viewer.status.widget.error
    session.view(10_000)
    assert "Something went wrong in the viewer (IndexError" in viewer.status.widget.error
    assert "Traceback" in (tmp_path / "log.txt").read_text(encoding="utf-8")
    viewer.overlay.value = ""
    session.view(1)
    assert not viewer.status.failed and not viewer.status.widget.note and len(viewer.niivue.volumes) == 1
    assert capsys.readouterr().err == ""


def test_volumes_that_are_shown_no_more_are_let_go(viewer, session):
    session.view(0)
    (first,) = viewer.niivue.volumes
    session.view(1)
    assert first.comm is not None  # the browser may still be loading it
    session.view(2)
    assert first.comm is None


def test_a_viewer_that_is_built_again_takes_the_place_of_the_first(viewer, session, tmp_path):
    session.view(0)
    again = Viewer(session, tmp_path / "log.txt")
    assert "p1 · T1" in again.title.value and len(again.niivue.volumes) == 1
    session.view(2)
    assert "p2 · T1" in again.title.value and "p1 · T1" in viewer.title.value


def test_every_control_says_what_it_is_for(viewer):
    controls = [viewer.view, viewer.slice, viewer.preset, viewer.window, viewer.overlay, viewer.opacity, viewer.shown]
    assert all(control.description and control.tooltip for control in controls)
    assert {"selip-viewer", "selip-page"} <= set(viewer.box._dom_classes)
