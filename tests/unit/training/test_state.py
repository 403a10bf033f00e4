"""State on disk: exact, whole or absent, never a crash."""

from __future__ import annotations

import errno
import os

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.training import state


def example():
    rng = np.random.default_rng(0)
    history = [{"epoch": 1, "loss": 0.1 + 0.2, "val_dice": 1 / 3, "learning_rate": 1e-3}]
    arrays = [rng.random((3, 4), np.float32), np.zeros((), np.int64), rng.random(2)]
    return state.State("key", 1, history, 1, "CPU, 2 threads", arrays, arrays[:2], arrays[2:])


def test_what_is_saved_comes_back_to_the_bit(tmp_path):
    saved = example()
    state.save(tmp_path, saved)
    loaded = state.load(tmp_path, "key")
    assert loaded.history == saved.history
    assert (loaded.epoch, loaded.best_epoch, loaded.device) == (1, 1, "CPU, 2 threads")
    for name in ("weights", "optimizer", "best"):
        for ours, theirs in zip(getattr(loaded, name), getattr(saved, name), strict=True):
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes()


def test_nothing_there(tmp_path):
    assert state.load(tmp_path / "absent", "key") is None


def test_state_of_another_training_is_not_used(tmp_path, caplog):
    state.save(tmp_path, example())
    caplog.clear()
    assert state.load(tmp_path, "another") is None
    assert "another training" in caplog.messages[0]


@pytest.mark.parametrize("damage", [b"", b"PK", b"nonsense" * 100])
def test_foreign_files_start_over(tmp_path, caplog, damage):
    state.state_file(tmp_path).write_bytes(damage)
    caplog.clear()
    assert state.load(tmp_path, "key") is None
    assert "damaged" in caplog.messages[0]
    assert "starting over" in caplog.messages[0]


@settings(max_examples=60, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), cut=st.booleans())
def test_any_flipped_or_missing_byte_is_found(tmp_path_factory, where, cut):
    folder = tmp_path_factory.mktemp("state")
    state.save(folder, example())
    path = state.state_file(folder)
    data = bytearray(path.read_bytes())
    place = int(where * len(data))
    if cut:
        path.write_bytes(data[:place])
    else:
        data[place] ^= 0xFF
        path.write_bytes(data)
    loaded = state.load(folder, "key")
    if loaded is not None:  # a byte that means nothing, such as a time stamp
        for name in ("weights", "optimizer", "best"):
            for ours, theirs in zip(getattr(loaded, name), getattr(example(), name), strict=True):
                assert np.array_equal(ours, theirs)


def test_pickles_are_not_opened(tmp_path, caplog):
    np.savez(state.state_file(tmp_path), record=np.array([object()], object))
    caplog.clear()
    assert state.load(tmp_path, "key") is None
    assert caplog.messages


def test_leftovers_of_a_killed_writer_are_removed(tmp_path):
    state.save(tmp_path, example())
    leftover = tmp_path / ".0123456789ab.partial.training-state.npz"
    leftover.write_bytes(b"half")
    assert state.load(tmp_path, "key").epoch == 1
    assert not leftover.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_the_old_state_and_does_not_end_the_training(
    tmp_path, monkeypatch, caplog, number
):
    state.save(tmp_path, example())

    def fail(*_args, **_kwargs):
        raise OSError(number, "full")

    monkeypatch.setattr(np, "savez", fail)
    later = example()
    later.epoch = 2
    state.save(tmp_path, later)
    monkeypatch.undo()
    (line,) = caplog.messages
    assert f"no space left in {tmp_path}: the checkpoint of epoch 2 was not saved" in line
    assert state.load(tmp_path, "key").epoch == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("mode", "expected"), [(0o2770, 0o660), (0o755, 0o644), (0o700, 0o600)])
def test_whoever_may_write_in_the_folder_may_go_on_with_the_state(tmp_path, mode, expected):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    before = os.umask(0o077)
    try:
        state.save(folder, example())
    finally:
        os.umask(before)
    assert state.state_file(folder).stat().st_mode & 0o777 == expected


def test_a_failed_save_keeps_the_old_state(tmp_path, monkeypatch):
    state.save(tmp_path, example())

    def fail(*_args, **_kwargs):
        raise OSError(errno.EIO, "no answer of the disk")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="no answer"):
        state.save(tmp_path, example())
    monkeypatch.undo()
    assert state.load(tmp_path, "key").epoch == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_dtypes_numpy_does_not_know_are_refused_not_corrupted(tmp_path):
    """Variables are float32 under every policy; bfloat16 would lose its name in the file."""
    saved = example()
    saved.weights = [np.ones(3, ml_dtypes.bfloat16)]
    with pytest.raises(TypeError, match="bfloat16"):
        state.save(tmp_path, saved)
