from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zipfile

import pytest

from segbench.datasets import unpack as module
from segbench.datasets.unpack import unpack
from segbench.errors import SegbenchError

CONTENT = {"a/one.txt": b"one", "a/b/two.bin": os.urandom(3000), "three": b""}


def make_zip(path, content, **changes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.writestr(entry, data)
    return path


def make_tar(path, content, mode="w:gz", **changes):
    with tarfile.open(path, mode) as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(data))
    return path


def tree(folder):
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture()
def target(tmp_path):
    folder = tmp_path / "outer" / "target"
    folder.mkdir(parents=True)
    return folder


def refused(path, kind, target, message):
    with pytest.raises(SegbenchError, match=message) as error:
        unpack(path, kind, target)
    assert path.name in error.value.what
    assert sorted(p.name for p in target.parent.iterdir()) == ["target"]
    assert not (target.parent.parent / "evil").exists()


def test_zip(tmp_path, target):
    unpack(make_zip(tmp_path / "a.zip", CONTENT), "zip", target)
    assert tree(target) == CONTENT


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path, target, mode):
    unpack(make_tar(tmp_path / "a.tar", CONTENT, mode), "tar", target)
    assert tree(target) == CONTENT


EVIL_NAMES = ["../evil", "a/../../evil", "/evil", "..\\evil", "C:\\evil", "a/..", "\\evil"]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_names_that_lead_out(tmp_path, target, name):
    path = make_zip(tmp_path / "a.zip", {"fine": b"1", name: b"2"})
    refused(path, "zip", target, "leads out of its folder")
    path = make_tar(tmp_path / "a.tar", {"fine": b"1", name: b"2"})
    refused(path, "tar", target, "leads out of its folder")
    assert tree(target) == {}  # nothing at all was written


def test_links_in_a_zip(tmp_path, target):
    path = make_zip(tmp_path / "a.zip", {"link": b"/etc/passwd"}, external_attr=0o120777 << 16)
    refused(path, "zip", target, "'link' is a link")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("where", ["/etc/passwd", "../../evil"])
def test_links_out_of_a_tar(tmp_path, target, kind, where):
    path = make_tar(tmp_path / "a.tar", {"link": b""}, type=kind, linkname=where)
    refused(path, "tar", target, "cannot be unpacked")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_devices_in_a_tar(tmp_path, target, kind):
    path = make_tar(tmp_path / "a.tar", {"device": b""}, type=kind)
    refused(path, "tar", target, "cannot be unpacked")


def test_a_link_and_a_file_written_through_it(tmp_path, target):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = tarfile.SYMTYPE, "../.."
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("out/evil"))
    refused(path, "tar", target, "cannot be unpacked")


def test_permissions_are_not_taken_over(tmp_path, target):
    path = make_tar(tmp_path / "a.tar", {"program": b"x"}, mode="w")
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("program")
        entry.mode = 0o6777
        archive.addfile(entry)
    unpack(path, "tar", target)
    assert (target / "program").stat().st_mode & 0o7022 == 0


def test_zip_bomb(tmp_path, target, monkeypatch):
    monkeypatch.setattr(module, "FREE_BYTES", 1000)
    path = make_zip(tmp_path / "a.zip", {"zeros": bytes(10_000_000)})
    refused(path, "zip", target, "would unpack to 10000000 bytes")
    assert tree(target) == {}


def test_tar_bomb(tmp_path, target, monkeypatch):
    monkeypatch.setattr(module, "FREE_BYTES", 1000)
    path = make_tar(tmp_path / "a.tar", {"zeros": bytes(10_000_000), "more": b"1"})
    refused(path, "tar", target, "would unpack to")
    assert tree(target) == {}


def test_many_entries(tmp_path, target, monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 10)
    path = make_zip(tmp_path / "a.zip", {str(k): b"" for k in range(11)})
    refused(path, "zip", target, "has 11 entries")


def test_masks_compress_well_and_are_no_bomb(tmp_path, target):
    path = make_zip(tmp_path / "a.zip", {f"{k}.bmp": bytes(1_000_000) for k in range(5)})
    unpack(path, "zip", target)
    assert len(tree(target)) == 5


def test_full_disk(tmp_path, target, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    path = make_zip(tmp_path / "a.zip", CONTENT)
    with pytest.raises(SegbenchError, match=r"unpacks to 0\.00 GB") as error:
        unpack(path, "zip", target)
    assert "free" in error.value.action


def test_the_same_entry_twice(tmp_path, target):
    path = tmp_path / "a.zip"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    refused(path, "zip", target, "occurs twice")


def test_encrypted_zip(tmp_path, target):
    path = make_zip(tmp_path / "a.zip", {"secret": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused(path, "zip", target, "'secret' is encrypted")


def test_damaged_archives(tmp_path, target):
    path = make_zip(tmp_path / "a.zip", {"random": os.urandom(5000)})
    data = bytearray(path.read_bytes())
    data[2500] ^= 0xFF
    path.write_bytes(data)
    refused(path, "zip", target, "cannot be unpacked")
    path.write_bytes(data[:2000])
    refused(path, "zip", target, "cannot be unpacked")
    path = make_tar(tmp_path / "a.tar", {"random": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:2000])
    refused(path, "tar", target, "cannot be unpacked")
    path.write_bytes(gzip.compress(b"this is no tar archive"))
    refused(path, "tar", target, "cannot be unpacked")
    path.write_bytes(b"<html>Please log in</html>")
    refused(path, "tar", target, "cannot be unpacked")
    refused(path, "zip", target, "cannot be unpacked")
