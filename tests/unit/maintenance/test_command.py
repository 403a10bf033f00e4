"""The command, as people type it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios

import pytest

from segbench.maintenance.command import main
from segbench.provenance.store import Store
from unit.provenance.stores import ROOT, keep, key, object_of, open_up, tmpfs

COMMAND = [sys.executable, str(ROOT / "scripts/store.py")]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.delenv("SEGBENCH_STORE", raising=False)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    keep(made, tmp_path / "a", "one", model=b"weights" * 1000)
    keep(made, tmp_path / "b", "two", model=b"other" * 1000)
    return made


def call(capsys, *arguments, root=ROOT):
    status = main(root, [str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_verify_says_that_all_is_sound(store, capsys):
    status, out, _ = call(capsys, "verify", "--store", store.root)
    assert status == 0
    assert out == f"{store.root}: 2 entries, 2 objects, 12.0 kB verified; all intact\n"


def test_verify_fails_where_there_is_damage_and_drops_it(store, capsys):
    open_up(object_of(store, b"weights" * 1000)).write_bytes(b"w")
    status, out, _ = call(capsys, "verify", "--keep", "--store", store.root)
    assert status == 1
    assert "content does not match its digest" in out
    assert out.endswith("1 damaged, kept\n")
    status, out, _ = call(capsys, "verify", "--store", store.root)
    assert (status, out.endswith("1 damaged, dropped\n")) == (1, True)
    assert call(capsys, "verify", "--store", store.root)[0] == 0


def test_prune_lists_what_goes(store, capsys):
    os.utime(store.entry_path(key("one")), (86400, 86400))
    for arguments, verb in ((["--dry-run"], "would remove"), ([], "removed")):
        status, out, _ = call(
            capsys, "prune", "--older-than", "90d", "--store", store.root, *arguments
        )
        assert status == 0
        first, last = out.splitlines()
        assert first.split() == ["1970-01-02", *first.split()[1:2], key("one")[:12], "7.0", "kB",
                                 "train"]  # fmt: skip
        assert last == f"{verb} 1 entries, 1 objects: 7.0 kB"
    assert store.keys() == [key("two")]
    assert call(capsys, "prune", "--store", store.root)[1] == "removed nothing: 0 B\n"


def test_prune_by_size(store, capsys):
    assert "1 entries" in call(capsys, "prune", "--max-size", "11K", "--store", store.root)[1]


def test_du_prints_a_table_or_json(store, capsys):
    status, out, _ = call(capsys, "du", "--store", store.root)
    assert status == 0
    assert out.splitlines()[2].split() == [
        "stage", "entries", "bytes", "unique", "computing", "on", "GPUs",
    ]  # fmt: skip
    status, out, _ = call(capsys, "du", "--json", "--store", store.root)
    data = json.loads(out)
    assert data["store"] == str(store.root)
    assert data["total"]["unique"] == 12000
    assert data["studies"][0]["name"] == "other"


@pytest.mark.parametrize("arguments", [["--older-than", "90"], ["--max-size", "much"]])
def test_what_cannot_be_understood_is_said(store, capsys, arguments):
    status, _, err = call(capsys, "prune", "--store", store.root, *arguments)
    assert status == 2
    assert "what to do:" in err


def test_a_place_without_a_store_is_said(tmp_path, capsys):
    status, _, err = call(capsys, "verify", "--store", tmp_path / "none")
    assert status == 2
    assert err.startswith(f"{tmp_path / 'none'}: no store found")


def test_the_environment_names_the_store(store, capsys, monkeypatch):
    monkeypatch.setenv("SEGBENCH_STORE", str(store.root))
    assert str(store.root) in call(capsys, "verify")[1]


def test_the_configuration_names_the_store(store, tmp_path, capsys):
    main_file = tmp_path / "main.yaml"
    main_file.write_text(f"store: {store.root}\n" + (ROOT / "config/config.yaml").read_text()
                         .replace("store: null", ""))  # fmt: skip
    status, out, _ = call(capsys, "du", "--configfile", main_file)
    assert status == 0
    assert out.startswith(f"{store.root}\n")


def test_a_wrong_configuration_does_not_stop_it(store, tmp_path, capsys):
    (tmp_path / "main.yaml").write_text("studies: 3\n")
    status, out, err = call(
        capsys, "du", "--store", store.root, "--configfile", tmp_path / "main.yaml"
    )
    assert status == 0
    assert "Cannot tell studies apart" in err
    assert "other" in out
    assert call(capsys, "verify", "--configfile", tmp_path / "main.yaml")[0] == 2


def test_a_store_that_cannot_be_written_is_said(tmp_path, capsys):
    with tmpfs(tmp_path / "memory") as memory:
        store = Store(memory / "store")
        keep(store, tmp_path / "a", model=b"weights")
        subprocess.run(["mount", "-o", "remount,ro", memory], check=True)
        status, _, err = call(capsys, "prune", "--max-size", "0", "--store", store.root)
        assert status == 2
        assert "Read-only file system" in err
        assert call(capsys, "verify", "--store", store.root)[0] == 0


def test_it_runs_from_anywhere(store, tmp_path):
    done = subprocess.run(
        [*COMMAND, "verify", "--store", "store"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "all intact" in done.stdout
    assert done.stderr == ""


def test_on_a_terminal_there_is_a_bar(store):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (25, 80))
    done = subprocess.run(
        [*COMMAND, "verify", "--store", str(store.root)],
        stderr=theirs, stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    drawn = os.read(ours, 4096) if select.select([ours], [], [], 5)[0] else b""
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert b"verify:" in drawn
