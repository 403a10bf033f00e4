"""The store of finished work: content-addressed, verified, shared.

::

    STORE/entries/KK/KEY.json      what a job with this key made: output name -> sha256, bytes
    STORE/objects/DD/DIGEST        the bytes, read-only
    STORE/partial/KEY/             state of an unfinished training, removed on success
    STORE/locks/KEY.lock           held while a job with this key runs

A key is a digest of everything that the work depends on, so an entry never changes and
needs no invalidation. Entries appear by renaming; a damaged one is dropped.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segbench.files import atomic_path, sha256_of_bytes, sha256_of_file, write_text

#: Copied at a time by the kernel; on filesystems with reflinks nothing is copied at all.
_COPY_BYTES = 1 << 30


def canonical(data: Any) -> str:
    """JSON with sorted keys: equal values give equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)


def key_of(parts: Mapping[str, Any]) -> str:
    """The key of a piece of work.

    Parameters
    ----------
    parts : mapping
        Rule, code digest, parameters, digests of inputs. JSON-able.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return sha256_of_bytes(canonical(parts).encode())


def copy_file(source: Path, target: Path) -> None:
    """Copy bytes the cheapest way the filesystem offers: reflink, kernel copy, plain copy.

    Never a hard link out of the store: links share one modification time, Snakemake touches
    its outputs, and the touched twin in another checkout would look new there.
    """
    with open(source, "rb") as reader, open(target, "wb") as writer:
        try:
            while os.copy_file_range(reader.fileno(), writer.fileno(), _COPY_BYTES):
                pass
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            reader.seek(0)
            writer.seek(0)
            writer.truncate()
            shutil.copyfileobj(reader, writer, 1 << 20)


def take_file(source: Path, target: Path) -> None:
    """Take a finished output into the store: a hard link where that can be, else a copy.

    A link costs no space. It is safe in this direction only: the output's own checkout may
    touch it, which changes a time that nobody compares. Both are read-only from now on;
    whoever forces a change in place is found out when the digest is checked.
    """
    try:
        os.link(source, target)
    except OSError:
        copy_file(source, target)
    target.chmod(0o444)


class Store:
    """One folder of finished work.

    Parameters
    ----------
    root : str or Path
        Made when missing. New folders follow the umask; a shared one should be
        set-group-id so that all members of the group may write.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def _entry(self, key: str) -> Path:
        return self.root / "entries" / key[:2] / f"{key}.json"

    def _object(self, digest: str) -> Path:
        return self.root / "objects" / digest[:2] / digest

    def state(self, key: str) -> Path:
        """Folder for the state of unfinished work under this key; made when missing."""
        folder = self.root / "partial" / key
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the key: a second job with it waits here and then finds the entry."""
        path = self.root / "locks" / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with open(path, "w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # The holder before may have removed the file while we waited for it.
                try:
                    ours = path.stat().st_ino == os.fstat(handle.fileno()).st_ino
                except FileNotFoundError:
                    ours = False
                if not ours:
                    continue
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return

    def find(self, key: str) -> dict[str, Any] | None:
        """The entry under a key, or None. A damaged one counts as absent."""
        try:
            entry: dict[str, Any] = json.loads(self._entry(key).read_text("utf-8"))
            return entry if isinstance(entry["outputs"], dict) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def publish(
        self, key: str, outputs: Mapping[str, Path], record: Mapping[str, Any] | None = None
    ) -> None:
        """Keep finished outputs under a key.

        Parameters
        ----------
        key : str
            From `key_of`.
        outputs : mapping of str to Path
            Output name -> finished file.
        record : mapping, optional
            What else to keep with the entry (rule, cost), JSON-able.
        """
        kept = {}
        for name, path in sorted(outputs.items()):
            digest = sha256_of_file(path)
            target = self._object(digest)
            if not target.exists():
                with atomic_path(target) as beside:
                    take_file(path, beside)
            kept[name] = {"sha256": digest, "bytes": path.stat().st_size}
        entry = {"key": key, "outputs": kept, "record": dict(record or {})}
        write_text(self._entry(key), json.dumps(entry, sort_keys=True, indent=1) + "\n")
        shutil.rmtree(self.root / "partial" / key, ignore_errors=True)

    def restore(self, key: str, outputs: Mapping[str, Path]) -> dict[str, Any] | None:
        """Put the outputs of a key in place, each verified.

        Parameters
        ----------
        key : str
            From `key_of`.
        outputs : mapping of str to Path
            Output name -> where it belongs.

        Returns
        -------
        dict or None
            The entry; None when there is none or when it was damaged and dropped. Either
            all outputs are in place or none is.
        """
        entry = self.find(key)
        if entry is None or set(entry["outputs"]) != set(outputs):
            return None
        placed: list[tuple[Path, Path]] = []
        try:
            for name, path in sorted(outputs.items()):
                beside = self._copy_verified(entry["outputs"][name]["sha256"], path)
                if beside is None:
                    self.drop(key)
                    return None
                placed.append((beside, path))
            for beside, path in placed:
                os.replace(beside, path)
        finally:
            for beside, _ in placed:
                beside.unlink(missing_ok=True)
        return entry

    def _copy_verified(self, digest: str, path: Path) -> Path | None:
        """Copy an object beside `path`; None (and the object removed) when it is damaged."""
        source = self._object(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".restored-{os.getpid()}-{path.name}")
        try:
            copy_file(source, beside)
        except FileNotFoundError:
            beside.unlink(missing_ok=True)
            return None
        if sha256_of_file(beside) != digest:
            beside.unlink()
            source.unlink(missing_ok=True)
            return None
        return beside

    def drop(self, key: str) -> None:
        """Forget an entry."""
        self._entry(key).unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """All keys, sorted."""
        return sorted(path.stem for path in self.root.glob("entries/*/*.json"))

    def verify(self) -> list[str]:
        """Read every object again and drop the damaged ones.

        Returns
        -------
        list of str
            One line for each entry that was dropped.
        """
        dropped = []
        for key in self.keys():
            entry = self.find(key)
            digests = [o["sha256"] for o in entry["outputs"].values()] if entry else []
            bad = [d for d in digests if not self._sound(d)]
            if entry is None or bad:
                self.drop(key)
                dropped.append(f"{key}: {'unreadable entry' if entry is None else bad[0]}")
        return dropped

    def _sound(self, digest: str) -> bool:
        path = self._object(digest)
        if path.exists() and sha256_of_file(path) == digest:
            return True
        path.unlink(missing_ok=True)
        return False
