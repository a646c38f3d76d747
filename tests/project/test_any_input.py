"""Whatever comes in is kept with the right voxels, sides and ids, or set aside with a reason: inputs by the hundred.

SELIP_EXAMPLES sets how many of each kind; the seeds of what failed once are kept as ``@example``.
"""

import io
import os
import string
import tarfile
import warnings
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from selip_core.errors import SelipError
from selip_core.ingest.archives import unpack
from selip_core.ingest.conversion import write_clean
from selip_core.ingest.dicom import group_series, read_slices
from selip_core.ingest.report_tables import read_reports
from selip_core.preprocessing import VolumeError, load_volume
from tests.helpers.dicom_files import PERSON, write_series

EXAMPLES = int(os.environ.get("SELIP_EXAMPLES", "300"))
made = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=EXAMPLES <= 300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
KINDS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")


@st.composite
def affines(draw):
    """Rotations by right angles and a little more, mirrored or not, of any spacing: as scanners and programs write."""
    order = draw(st.permutations(range(3)))
    matrix = np.zeros((3, 3))
    for column, row in enumerate(order):
        matrix[row, column] = draw(st.sampled_from((-1, 1))) * draw(st.floats(0.5, 8))
    angle = draw(st.floats(-0.3, 0.3))
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn @ matrix, [draw(st.floats(-150, 150)) for _ in range(3)]
    return affine


@made
@given(
    affine=affines(), kind=st.sampled_from(KINDS), shape=st.tuples(*[st.integers(2, 14)] * 3), big=st.booleans(),
    codes=st.tuples(st.integers(0, 4), st.integers(0, 4)), version=st.sampled_from((1, 2)), seed=st.integers(0, 999),
    slope=st.sampled_from((None, (2.0, 0.0), (0.5, -3.0))), extension=st.booleans(), four_d=st.booleans(),
)  # fmt: skip
def test_nifti_headers(tmp_path, affine, kind, shape, big, codes, version, seed, slope, extension, four_d):
    rng = np.random.default_rng(seed)
    voxels = rng.integers(0, 50, shape)
    bright = tuple(int(rng.integers(0, n)) for n in shape)
    voxels[bright] = 120
    stored = voxels[..., None] if four_d else voxels
    cls = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = cls(stored.astype(kind), affine, dtype=kind)
    if big:
        image = cls(stored.astype(kind), affine, image.header.as_byteswapped(">"), dtype=kind)
    image.set_sform(affine, codes[0])
    image.set_qform(affine, codes[1])
    if slope:
        image.header.set_slope_inter(*slope)
    if extension:
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", "张三 Zhang^San".encode()))
    path, clean = tmp_path / "a.nii.gz", tmp_path / "clean.nii.gz"
    nib.save(image, path)
    try:
        found, ras, _ = load_volume(path)
    except VolumeError as error:
        assert str(path) in str(error)
        return
    expected = nib.load(path).affine
    at = np.unravel_index(np.argmax(found), found.shape)
    assert np.allclose(ras @ [*at, 1], expected @ [*bright, 1], atol=1e-2)
    assert nib.aff2axcodes(ras) == ("R", "A", "S")
    assert write_clean(path, clean, sequence="T2") == ""
    kept = nib.load(clean)
    assert np.allclose(kept.affine, expected, atol=1e-3) and "张三".encode() not in clean.read_bytes()
    assert np.allclose(np.squeeze(kept.get_fdata()), np.squeeze(nib.load(path).get_fdata()), rtol=1e-5)


@made
@given(flips=st.lists(st.tuples(st.integers(0, 347), st.integers(0, 255)), max_size=6), cut=st.integers(0, 3000))
def test_damaged_nifti(tmp_path, flips, cut):
    data = bytearray(nib.Nifti1Image(np.arange(800, dtype=np.int16).reshape(10, 10, 8), np.eye(4)).to_bytes())
    for at, value in flips:
        data[at] = value
    path = tmp_path / "a.nii"
    path.write_bytes(bytes(data[: len(data) - cut]))
    try:
        found, _, quality = load_volume(path)
        assert np.isfinite(found).all() and quality["shape"]
    except VolumeError as error:
        assert str(path) in str(error)


IDS = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12).filter(
    lambda text: any(c.isalnum() for c in text) and text[0] not in "-+.@=" and not text.lower().startswith("e")
    and not text.replace(".", "").isdigit() and "E+" not in text.upper()
)  # fmt: skip
TEXTS = st.lists(
    st.sampled_from(
        ["左侧额叶见片状影", '约"3x2"mm', "无强化, 边界清", "a;b", "第一行\n第二行", "patient’s head", "T2\thigh"]
    ),
    min_size=1, max_size=4,
).map("，".join)  # fmt: skip


@example(
    rows={"H-": "patient’s head"}, separator=",", encoding="utf-8", quote_all=False, end="\n", extra=False, title=False
)
@example(rows={"MM": '约"3x2"mm'}, separator=",", encoding="utf-8", quote_all=False, end="\n", extra=False, title=False)
@made
@given(
    rows=st.dictionaries(IDS, TEXTS, min_size=1, max_size=5), separator=st.sampled_from(",;\t"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "gb18030", "utf-16")), quote_all=st.booleans(),
    end=st.sampled_from(("\n", "\r\n")), extra=st.booleans(), title=st.booleans(),
)  # fmt: skip
def test_report_tables(tmp_path, rows, separator, encoding, quote_all, end, extra, title):
    table = pd.DataFrame({"检查号": list(rows), "检查所见": list(rows.values())})
    if extra:
        table.insert(1, "备用", "")
    text = table.to_csv(index=False, sep=separator, quoting=1 if quote_all else 0, lineterminator=end)
    if title:
        text = f"放射科报告导出{end}{text}"
    (tmp_path / "r.csv").write_bytes(text.encode(encoding))
    try:
        found = read_reports(tmp_path / "r.csv")
    except SelipError as error:
        assert "r.csv" in str(error)
        return
    told = dict(zip(found.reports["study_id"], found.reports["findings"], strict=True))
    assert {key: "".join(value.split()) for key, value in told.items()} == {
        key: "".join(value.split()) for key, value in rows.items() if key in told
    }
    assert len(told) == len(rows) or len(found.problems)


@made
@given(data=st.binary(max_size=400), ending=st.sampled_from((".csv", ".tsv", ".xlsx", ".xls")))
def test_tables_of_any_bytes(tmp_path, data, ending):
    path = tmp_path / f"r{ending}"
    path.write_bytes(data)
    try:
        read_reports(path)
    except SelipError as error:
        assert f"r{ending}" in str(error)


@made
@given(
    order=st.permutations(range(6)), missing=st.sets(st.integers(0, 5), max_size=2),
    copies=st.sets(st.integers(0, 5), max_size=2), flips=st.lists(st.tuples(st.integers(132, 900), st.integers(0, 255)),
                                                                  max_size=4),
    dropped=st.sets(st.sampled_from(("InstanceNumber", "ImagePositionPatient", "SOPInstanceUID", "SeriesInstanceUID",
                                     "StudyInstanceUID", "EchoTime", "PatientID", "Rows", "ImageType")), max_size=2),
)  # fmt: skip
def test_dicom_series(tmp_path_factory, order, missing, copies, flips, dropped):
    folder = tmp_path_factory.mktemp("dicom")
    files = write_series(folder / "in", voxels=np.ones((6, 8, 8), np.uint16))
    for i, path in enumerate(files):
        data = pydicom.dcmread(path)
        for name in dropped:
            if name in data:
                delattr(data, name)
        data.save_as(path)
        if i in copies:
            (path.parent / f"copy{i}").write_bytes(path.read_bytes())
    spoilt = bytearray(files[0].read_bytes())
    for at, value in flips:
        spoilt[min(at, len(spoilt) - 1)] = value
    files[0].write_bytes(bytes(spoilt))
    given_files = [files[i] for i in order if i not in missing] + sorted(folder.glob("in/copy*"))
    slices, refused = read_slices(given_files)
    assert len(slices) + len(refused) == len(given_files)
    for series in group_series(slices):
        assert len(set(series.files)) == len(series.files) <= len(given_files)
        told = f"{series.reason} {' '.join(series.notes)}"
        assert not any(value in told for value in PERSON.values())
    assert not any(value in reason for _, reason in refused for value in PERSON.values())


NAMES = st.lists(
    st.sampled_from(["..", ".", "a", "病人", "C:", "~", "b.nii.gz", "", "x" * 60, "con"]), min_size=1, max_size=5
).map("/".join)  # fmt: skip


@made
@given(
    names=st.lists(NAMES, min_size=1, max_size=6), absolute=st.booleans(), kind=st.sampled_from(("zip", "tar", "cut")),
    link=st.booleans(),
)  # fmt: skip
def test_archives(tmp_path_factory, names, absolute, kind, link):
    folder = tmp_path_factory.mktemp("archive")
    buffer = io.BytesIO()
    names = [f"/{name}" if absolute else name for name in names]
    if kind == "tar":
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name in names:
                member = tarfile.TarInfo(name or "none")
                member.type, member.linkname = (tarfile.SYMTYPE, "../../evil") if link else (tarfile.REGTYPE, "")
                archive.addfile(member)
    else:
        with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
            warnings.simplefilter("ignore", UserWarning)  # zipfile's "Duplicate name": two of one name are meant
            for name in names:
                archive.writestr(name or "none", b"data")
    data = buffer.getvalue()
    path = folder / ("in.tar" if kind == "tar" else "in.zip")
    path.write_bytes(data[: len(data) // 2] if kind == "cut" else data)
    before = set(folder.rglob("*"))
    unpack(path, folder / "work" / "deep" / "out")
    written = {p for p in folder.rglob("*") if p not in before and not p.is_relative_to(folder / "work" / "deep")}
    assert written <= {folder / "work"} and not any(p.is_symlink() for p in Path(folder).rglob("*"))
