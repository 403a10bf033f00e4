"""What the tests of the store share: keys, finished work, members of a group, filesystems."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from contextlib import contextmanager
from pathlib import Path

import pytest

from segbench.provenance.store import Store

ROOT = Path(__file__).resolve().parents[3]

#: The group that shares a store, two members of it, and somebody else: nobody has accounts.
GROUP, ANNA, BELA, OUTSIDER = 54321, 54322, 54323, 54324


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def keep(store: Store, folder: Path, name: str = "work", **contents: bytes) -> dict[str, Path]:
    """Publish finished outputs under the key of a name."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {}
    for output, content in contents.items():
        outputs[output] = folder / output
        outputs[output].unlink(missing_ok=True)
        outputs[output].write_bytes(content)
    assert store.publish(key(name), outputs, {"rule": "train", "cost": {"wall_s": 7.0}})
    return outputs


def places(folder: Path, *names: str) -> dict[str, Path]:
    return {name: folder / name for name in names}


def object_of(store: Store, content: bytes) -> Path:
    return store.object_path(hashlib.sha256(content).hexdigest())


def open_up(path: Path) -> Path:
    """Make a file of the store writable, as whoever damages it must."""
    path.chmod(0o644)
    return path


def everything(root: Path) -> list[str]:
    """Files and folders below a folder, but not the lock that a store keeps."""
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())
    return [name for name in found if not name.endswith(".store.lock")]


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become other users and mount filesystems")


class Group:
    """A store of a group, and its members, each a real user of the system."""

    def __init__(self, base: Path, mode: int) -> None:
        self.base, self.root = base, base / "store"
        self.root.mkdir()
        os.chown(self.root, 0, GROUP)
        self.root.chmod(mode)
        for user in (ANNA, BELA, OUTSIDER):
            self.home(user).mkdir(mode=0o700)
            os.chown(self.home(user), user, user)

    def home(self, user: int) -> Path:
        return self.base / f"home-{user}"

    def start(self, user: int, code: str, umask: int = 0o077) -> subprocess.Popen[str]:
        """Run Python as a member, in his home; `store` is there.

        The process becomes the member when everything is imported: he may not be able to
        read the folder that this Python is installed in.
        """
        groups = [] if user == OUTSIDER else [GROUP]
        text = f"""
import logging, os, sys, time
from pathlib import Path
from segbench.files import atomic_path
from segbench.provenance.store import Store
os.setgroups({groups})
os.setgid({user})
os.setuid({user})
os.umask({umask})
os.chdir({str(self.home(user))!r})
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
store, here = Store({str(self.root)!r}), Path(".")
"""
        return subprocess.Popen(
            [sys.executable, "-c", text + textwrap.dedent(code)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, user: int, code: str, umask: int = 0o077) -> str:
        """As `start`; what it printed. It must succeed."""
        process = self.start(user, code, umask)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output.strip()


@contextmanager
def group(mode: int = 0o2770):
    """A group in a folder that all users reach."""
    needs_root()
    base = Path(tempfile.mkdtemp(prefix="segbench-group-"))
    base.chmod(0o755)
    try:
        yield Group(base, mode)
    finally:
        shutil.rmtree(base)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def tmpfs(folder: Path, size: str = "64m"):
    """A filesystem of its own, in memory."""
    needs_root()
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def with_reflinks(folder: Path, kind: str):
    """A small Btrfs or XFS in a file."""
    needs_root()
    maker = shutil.which(f"mkfs.{kind}")
    if maker is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    folder.mkdir()
    image = folder.with_suffix(".img")
    with open(image, "wb") as handle:
        handle.truncate(320 * 2**20)
    subprocess.run([maker, "-q", image], check=True, capture_output=True)
    _mount("-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        image.unlink()
