import io
import tarfile
import zipfile

from selip_core.ingest.archives import unpack


def test_a_member_that_climbs_out_is_not_written_and_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("good/T1.nii.gz", "../evil", "/abs/evil", "good/../../evil2", "C:\\evil3"):
            archive.writestr(name, b"x")
    left_out = unpack(tmp_path / "a.zip", tmp_path / "work" / "a")
    assert left_out == ["a member whose path climbs out of the archive; not written"] * 4
    assert (tmp_path / "work/a/good/T1.nii.gz").is_file()
    assert not list(tmp_path.rglob("evil*")) and not (tmp_path.parent / "evil").exists()


def test_links_and_doubles_in_a_tar_are_not_followed(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for text in (b"first", b"second"):
            member = tarfile.TarInfo("file")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    left_out = unpack(tmp_path / "a.tar.gz", tmp_path / "a")
    assert left_out == ["a link or device; not followed", "a member that is there twice; the first is used"]
    assert (tmp_path / "a/file").read_bytes() == b"first" and not (tmp_path / "a/link").exists()


def test_a_damaged_or_locked_archive_is_told_and_a_finished_one_not_unpacked_again(tmp_path):
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 not really")
    assert unpack(tmp_path / "cut.zip", tmp_path / "cut")[0].startswith("the archive is damaged (BadZipFile)")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("file", b"x")
    assert unpack(tmp_path / "a.zip", tmp_path / "a") == []
    (tmp_path / "a/file").write_bytes(b"as it was")
    assert unpack(tmp_path / "a.zip", tmp_path / "a") == [] and (tmp_path / "a/file").read_bytes() == b"as it was"


def test_one_bad_member_does_not_lose_those_after_it_and_a_zip_in_a_zip_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("first", "second", "inner.zip", "p", "p/q"):
            archive.writestr(name, name.encode() * 100)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"first") + 5
    data[at : at + 6] = b"\xff" * 6
    (tmp_path / "a.zip").write_bytes(bytes(data))
    left_out = unpack(tmp_path / "a.zip", tmp_path / "a")
    assert "a member that is damaged" in left_out and "an archive within an archive; unpack it yourself" in left_out
    assert (tmp_path / "a/second").read_bytes() == b"second" * 100 and not (tmp_path / "a/first").exists()


class OfChineseWindows(zipfile.ZipInfo):
    """A member whose name is in GBK, without the sign of UTF-8."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), self.flag_bits


def test_names_that_chinese_windows_wrote_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("张三/T1增强.nii.gz", "李四/T2压水.nii.gz", "plain/T1.nii.gz"):
            archive.writestr(OfChineseWindows(name), b"x")
    assert unpack(tmp_path / "a.zip", tmp_path / "a") == []
    found = sorted(path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.gz"))
    assert found == sorted(["张三/T1增强.nii.gz", "李四/T2压水.nii.gz", "plain/T1.nii.gz"])


def test_a_member_that_cannot_be_written_does_not_lose_those_after_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("n" * 300 + ".nii.gz", b"x")
        archive.writestr("T1.nii.gz", b"x")
    assert unpack(tmp_path / "a.zip", tmp_path / "a") == ["a member that cannot be written (File name too long)"]
    assert (tmp_path / "a" / "T1.nii.gz").is_file()
