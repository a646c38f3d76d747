"""Unpacking zip and tar files that a source holds, without letting anything out of the folder meant for it."""

import errno
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath

from selip_core._utils.encodings import likely_text
from selip_core._utils.resumable import DoneLog
from selip_core.errors import SelipError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
OTHER_ENDINGS = (
    ".rar", ".7z", ".iso", ".z01", ".arj", ".lzh", ".lha", ".cab", ".dmg", ".zst", ".xz", ".bz2", ".wim", ".ace",
)  # fmt: skip
_BLOCK = 1 << 20
_OF_THE_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError,
    ValueError,
)  # fmt: skip


def is_archive(path: Path) -> bool:
    """Return whether a file is taken for an archive, by its name."""
    return path.name.lower().endswith(ENDINGS)


def not_unpacked(path: Path) -> str:
    """Return why a file that holds others, by its name, is not opened here; "" for one of another kind."""
    ending = path.suffix.lower()
    return f"a {ending} file, which is not opened here: unpack it first" if ending in OTHER_ENDINGS else ""


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack the plain files of an archive into `folder`; return what was left out and why, one text a member.

    A member whose path climbs out of the folder or is absolute, a link and a device are never written. What an earlier
    call has finished is not done again.

    Parameters
    ----------
    folder : Path
        Of this archive alone; made where missing.

    Raises
    ------
    SelipError
        If the disk is full.
    """
    done = DoneLog(folder.with_name("unpacked.jsonl"))
    if folder.name in done.found:
        return done.found[folder.name][0]
    shutil.rmtree(folder, ignore_errors=True)  # half of it, from an interrupted call
    folder.mkdir(parents=True)
    left_out: list[str] = []
    try:
        with zipfile.ZipFile(archive) if archive.name.lower().endswith(".zip") else tarfile.open(archive) as opened:
            _unpack_members(opened, folder, left_out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SelipError(f"cannot unpack into {folder.parent}: {error.strerror}; free some space") from None
        left_out.append("the archive cannot be read to its end; what could be read before is used")
    except _DAMAGED as error:
        what = "is locked by a password" if "password" in str(error) else f"is damaged ({type(error).__name__})"
        left_out.append(f"the archive {what}; what could be read before is used")
    done.add(folder.name, left_out)
    return left_out


def _unpack_members(opened: zipfile.ZipFile | tarfile.TarFile, folder: Path, left_out: list[str]) -> None:
    written, room = 0, shutil.disk_usage(folder).free // 2
    for name, size, reason, open_member in _members(opened):
        target = safe_target(folder, name)
        written += size
        if reason or target is None:
            left_out.append(reason or "a member whose path climbs out of the archive; not written")
        elif written > room:
            left_out.append("the archive holds more than half of the free disk; unpack it yourself")
            return
        elif is_archive(target):
            left_out.append("an archive within an archive; unpack it yourself")
        elif os.path.exists(target) or any(map(os.path.isfile, target.parents)):  # Path's raise at too long a name
            left_out.append("a member that is there twice; the first is used")
        else:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with open_member() as source, open(target, "xb") as file:
                    shutil.copyfileobj(source, file, _BLOCK)
            except _DAMAGED as error:  # one bad member does not lose those after it
                target.unlink(missing_ok=True)
                what = "locked by a password" if "password" in str(error) else "damaged"
                left_out.append(f"a member that is {what}")
            except OSError as error:
                with suppress(OSError):
                    target.unlink()
                if error.errno is not None and error.errno not in _OF_THE_NAME:
                    raise
                told = f"cannot be written ({error.strerror})" if error.errno else "is damaged"  # bzip2 has no number
                left_out.append(f"a member that {told}")


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member: without the sign of UTF-8 it is in whatever the machine that wrote it had."""
    if member.flag_bits & 0x800:
        return member.filename
    return likely_text(member.orig_filename.encode("cp437"), member.filename)


def _members(opened):
    """Yield name, size, the reason why it is no plain file, and how to open it, of each member but folders."""
    if isinstance(opened, zipfile.ZipFile):
        for member in opened.infolist():
            if not member.is_dir():
                reason = "a link; not followed" if stat.S_ISLNK(member.external_attr >> 16) else ""
                yield _name(member), member.file_size, reason, lambda member=member: opened.open(member)
        return
    for member in opened:
        if not member.isdir():
            reason = "" if member.isreg() else "a link or device; not followed"
            yield member.name, member.size, reason, lambda member=member: opened.extractfile(member)


def safe_target(folder: Path, name: str) -> Path | None:
    """Return where a member goes, or None where its name leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0].startswith("/") or ".." in parts or ":" in parts[0]:
        return None
    return folder.joinpath(*parts)
