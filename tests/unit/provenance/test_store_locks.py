"""A key has one holder; without working locks everything goes on."""

from __future__ import annotations

import errno
import fcntl
import logging
import threading

import pytest

from segbench.provenance.store_access import Access
from segbench.provenance.store_locks import STORE_LOCK, Locks


@pytest.fixture
def locks(tmp_path):
    return Locks(Access(tmp_path / "store"))


def test_a_key_has_one_holder_and_leaves_no_file(locks):
    with locks.key("a") as ours, locks.key("a", wait=False) as other:
        assert (ours, other) == (True, False)
        assert locks.path("a").exists()
        with locks.key("b", wait=False) as another:
            assert another
    assert not locks.path("a").exists()
    with locks.key("a", wait=False) as again:
        assert again


def test_a_waiting_holder_gets_the_key_when_it_is_free(locks, caplog):
    order = []

    def second():
        with locks.key("a"):
            order.append("second")

    with caplog.at_level(logging.INFO, "segbench"):
        with locks.key("a"):
            thread = threading.Thread(target=second)
            thread.start()
            while "Waiting for another process" not in caplog.text:
                thread.join(0.01)
            order.append("first")
        thread.join(10)
    assert order == ["first", "second"]


def test_a_stale_lock_file_is_taken_over(locks):
    locks.folder.mkdir(parents=True)
    locks.path("a").write_text("")
    with locks.key("a", wait=False) as ours:
        assert ours


def test_many_publish_at_a_time_and_pruning_is_alone(locks):
    with locks.publishing(), locks.publishing():
        handle = locks._access.open_changing(locks.folder / STORE_LOCK)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with locks.pruning(), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


def test_a_filesystem_without_locks_is_no_error(locks, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locks.key("a") as ours, locks.key("a", wait=False) as other:
        assert ours
        assert other
    with locks.pruning(), locks.publishing():
        pass
    assert not locks.path("a").exists()


def test_a_store_that_is_not_writable_is_no_error(tmp_path):
    (tmp_path / "store").write_text("not a folder")
    locks = Locks(Access(tmp_path / "store"))
    with locks.key("a") as ours, locks.pruning():
        assert ours
