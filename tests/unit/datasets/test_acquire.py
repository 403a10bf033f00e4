from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import zipfile

import numpy as np
import pytest

from segbench.config.dataset import Download, Folder, Generated
from segbench.datasets import reader_of
from segbench.datasets.acquire import acquire
from segbench.datasets.dsb2018 import Dsb2018
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset


@pytest.fixture()
def raw(tmp_path):
    return tmp_path / "data" / "raw" / "dsb"


@pytest.fixture()
def record(tmp_path):
    return tmp_path / "data" / "dsb.json"


def tree(folder):
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def zipped(folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(tree(folder).items()):
            archive.writestr(name, data)
    return buffer.getvalue()


def generated(seed=0, samples=3):
    recipe = Generated(samples=samples, seed=seed)
    return make_dataset("dsb2018", source="generated", generated=recipe)


def downloaded(url, **changes):
    return make_dataset("dsb2018", source="download", download=Download(url=url, **changes))


def linked(path):
    return make_dataset("dsb2018", source="folder", folder=Folder(path=str(path)))


def beside(raw):
    return sorted(p.name for p in raw.parent.iterdir() if p != raw)


def test_generated(raw, record):
    acquire(generated(), raw, record)
    assert json.loads(record.read_text()) == {
        "format": "dsb2018",
        "source": "generated",
        "generated": True,
        "samples": {"train": 3},
        "seed": 0,
    }
    assert len(list(Dsb2018().scan(raw))) == 3
    assert beside(raw) == [".dsb.origin.json"]


def test_same_seed_same_bytes(tmp_path):
    trees = []
    for number, seed in enumerate((7, 7, 8)):
        raw, record = tmp_path / str(number) / "raw", tmp_path / str(number) / "r.json"
        acquire(generated(seed), raw, record)
        trees.append((tree(raw), record.read_bytes()))
    assert trees[0] == trees[1]
    assert trees[0] != trees[2]


def test_generated_again_replaces_it(raw, record):
    acquire(generated(samples=4), raw, record)
    acquire(generated(samples=2), raw, record)
    assert len(list(Dsb2018().scan(raw))) == 2
    assert beside(raw) == [".dsb.origin.json"]


def test_left_by_a_killed_run(raw, record):
    (raw.parent / ".dsb.partial" / "stage1_train").mkdir(parents=True)
    (raw.parent / ".dsb.partial" / "stage1_train" / "half").touch()
    acquire(generated(), raw, record)
    assert "stage1_train/half" not in tree(raw)
    assert beside(raw) == [".dsb.origin.json"]


def test_failure_leaves_what_was_there(raw, record):
    acquire(generated(), raw, record)
    before = tree(raw), record.read_bytes()
    wrong = make_dataset(
        "dsb2018", source="generated", generated=Generated(samples=1, test_samples=1)
    )
    with pytest.raises(SegbenchError, match="test_samples: 1"):
        acquire(wrong, raw, record)
    assert (tree(raw), record.read_bytes()) == before
    assert beside(raw) == [".dsb.origin.json"]


def test_a_folder_of_the_user_is_never_replaced(raw, record):
    raw.mkdir(parents=True)
    (raw / "mine.txt").write_text("precious")
    with pytest.raises(SegbenchError, match="was not made by this workflow"):
        acquire(generated(), raw, record)
    assert (raw / "mine.txt").read_text() == "precious"


def test_an_empty_folder_is_no_obstacle(raw, record):
    raw.mkdir(parents=True)
    acquire(generated(), raw, record)
    assert len(list(Dsb2018().scan(raw))) == 3


def test_folder_is_linked_and_not_copied(dsb_tree, raw, record):
    acquire(linked(dsb_tree), raw, record)
    assert raw.is_symlink()
    assert raw.resolve() == dsb_tree.resolve()
    content = json.loads(record.read_text())
    assert content["samples"] == {"train": 2}
    assert content["generated"] is False
    assert str(dsb_tree) not in record.read_text()
    acquire(linked(dsb_tree), raw, record)
    assert len(list(Dsb2018().scan(raw))) == 2


def test_changing_the_source_never_touches_the_folder(dsb_tree, raw, record):
    before = tree(dsb_tree)
    acquire(linked(dsb_tree), raw, record)
    acquire(generated(), raw, record)
    assert not raw.is_symlink()
    assert tree(dsb_tree) == before
    acquire(linked(dsb_tree), raw, record)
    assert raw.is_symlink()
    assert tree(dsb_tree) == before
    assert beside(raw) == [".dsb.origin.json"]


def test_folder_that_is_not_there(tmp_path, raw, record):
    with pytest.raises(SegbenchError, match="there is no such folder"):
        acquire(linked(tmp_path / "gone"), raw, record)


def test_folder_without_samples(tmp_path, raw, record):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        acquire(linked(tmp_path / "empty"), raw, record)
    assert not raw.exists()
    assert not record.exists()


def test_folder_that_is_the_raw_folder(raw, record):
    acquire(generated(), raw, record)
    with pytest.raises(SegbenchError, match="is the raw folder itself"):
        acquire(linked(raw), raw, record)
    assert len(list(Dsb2018().scan(raw))) == 3


def test_download(dsb_tree, raw, record, serve):
    body = zipped(dsb_tree)
    server = serve(body)
    digest = hashlib.sha256(body).hexdigest()
    acquire(downloaded(server.url, sha256=digest, bytes=len(body)), raw, record)
    assert tree(raw) == tree(dsb_tree)
    content = json.loads(record.read_text())
    assert content["url"] == server.url
    assert content["sha256"] == digest
    assert content["bytes"] == len(body)
    assert content["samples"] == {"train": 2}
    assert beside(raw) == [".dsb.origin.json"]


def test_download_is_not_repeated(dsb_tree, raw, record, serve):
    server = serve(zipped(dsb_tree))
    acquire(downloaded(server.url), raw, record)
    first = record.read_bytes()
    record.unlink()
    acquire(downloaded(server.url), raw, record)
    assert record.read_bytes() == first
    assert len(server.requests) == 1
    acquire(downloaded(server.url, bytes=len(server.body)), raw, record)
    assert len(server.requests) == 2


def test_download_after_generated_is_made(dsb_tree, raw, record, serve):
    acquire(generated(), raw, record)
    acquire(downloaded(serve(zipped(dsb_tree)).url), raw, record)
    assert tree(raw) == tree(dsb_tree)
    assert json.loads(record.read_text())["generated"] is False


def test_tar_download(dsb_tree, raw, record, serve):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(dsb_tree, "top/level")
    server = serve(buffer.getvalue(), "data.tar.gz")
    acquire(downloaded(server.url, archive="tar"), raw, record)
    assert len(list(Dsb2018().scan(raw))) == 2


def test_single_file_download(raw, record, serve):
    server = serve(b"x", "picture.png")
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        acquire(downloaded(server.url, archive="none"), raw, record)


def test_download_that_is_another_dataset(tmp_path, raw, record, serve):
    (tmp_path / "other" / "folder").mkdir(parents=True)
    (tmp_path / "other" / "folder" / "readme").write_text("hello")
    server = serve(zipped(tmp_path / "other"))
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        acquire(downloaded(server.url), raw, record)
    assert not raw.exists()
    assert not record.exists()


def test_wrong_archive_leaves_nothing(raw, record, serve):
    server = serve(os.urandom(1000))
    with pytest.raises(SegbenchError, match="cannot be unpacked"):
        acquire(downloaded(server.url), raw, record)
    assert not raw.exists()
    assert not (raw.parent / ".dsb.partial").exists()


@pytest.fixture()
def repository(dsb_tree):
    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", "-C", str(dsb_tree), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "data")
    return f"file://{dsb_tree}", git("rev-parse", "HEAD")


@pytest.mark.parametrize("pinned", [True, False])
def test_git(repository, dsb_tree, raw, record, pinned):
    url, commit = repository
    expected = {k: v for k, v in tree(dsb_tree).items() if not k.startswith(".git/")}
    wanted = f"{url}#{commit}" if pinned else url
    acquire(downloaded(wanted, archive="git"), raw, record)
    assert tree(raw) == expected
    assert json.loads(record.read_text())["commit"] == commit


def test_git_without_such_a_commit(repository, raw, record, capfd):
    with pytest.raises(SegbenchError, match="git fetch failed"):
        acquire(downloaded(f"{repository[0]}#{'0' * 40}", archive="git"), raw, record)
    assert not raw.exists()


@pytest.mark.parametrize("url", ["ext::sh -c true", "--upload-pack=x", "http://example.org/x"])
def test_git_addresses(raw, record, url):
    with pytest.raises(SegbenchError, match="is not the address of a git repository"):
        acquire(downloaded(url, archive="git"), raw, record)


def test_real_folders(publisher_data, tmp_path):
    for name, folder, samples in (
        ("kidney_nuclei", "kidney_em", {"test": 7, "train": 65}),
        ("dsb2018", "dsb2018", {"train": 400}),
    ):
        dataset = make_dataset(
            name, source="folder", folder=Folder(path=str(publisher_data / folder))
        )
        record = tmp_path / f"{name}.json"
        acquire(dataset, tmp_path / "raw" / name, record)
        assert json.loads(record.read_text())["samples"] == samples
        source = reader_of(dataset)
        first = next(source.scan(tmp_path / "raw" / name))
        assert np.any(source.read_label(tmp_path / "raw" / name, first))
