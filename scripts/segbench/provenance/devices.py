"""A job's own GPUs on a machine where several jobs run at a time.

A process owns a device while it holds the `flock` of the device's lock file. The kernel releases it
when the process ends, even if it is killed, so that nothing is left to clean up.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Protocol, TypeVar

from segbench.errors import SegbenchError

#: Variables of CUDA: visible devices, and the order in which they are numbered.
VISIBLE, ORDER = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"

#: Variable that overrides the folder of the lock files, e.g. with one that containers share.
FOLDER_VARIABLE = "SEGBENCH_DEVICE_LOCKS"

#: One folder for all users of a machine, in order of preference; not TMPDIR, which is often
#: private to a job. Nothing cleans up the first.
FOLDERS = ("/run/lock", "/tmp")

#: Polling interval while all devices are taken.
SECONDS_BETWEEN_LOOKS = 0.5

Log = Callable[[str], None]
T = TypeVar("T")


class _Asks(Protocol):
    """A job with a number of requested devices."""

    @property
    def devices(self) -> int: ...

    def say(self, line: str) -> None: ...


J = TypeVar("J", bound=_Asks)

_GPU = re.compile(r"^GPU \d+: (?P<name>.*) \(UUID: (?P<id>GPU-[^)]+)\)")
_MIG = re.compile(r"^\s+MIG .*\(UUID: (?P<id>MIG-[^)]+)\)")


def parse_listing(text: str) -> list[tuple[str, list[str]]]:
    r"""Parse `nvidia-smi -L`: UUID of each GPU and of its MIG partitions.

    Examples
    --------
    >>> parse_listing("GPU 0: NVIDIA A100 (UUID: GPU-5c89)\n  MIG 1g.5gb Device 0: (UUID: MIG-a1)")
    [('GPU-5c89', ['MIG-a1'])]
    >>> parse_listing("No devices found.")
    []
    """
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if match := _GPU.match(line):
            found.append((match["id"], []))
        elif found and (match := _MIG.match(line)):
            found[-1][1].append(match["id"])
    return found


def _listing() -> list[tuple[str, list[str]]] | None:
    """The devices that nvidia-smi lists; None without nvidia-smi."""
    if shutil.which("nvidia-smi") is None:
        return None
    answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return parse_listing(answer.stdout)


def visible_devices(
    environment: Mapping[str, str], listing: Sequence[tuple[str, list[str]]] | None
) -> dict[str, str] | None:
    """The devices that CUDA shows to this process.

    Parameters
    ----------
    environment : mapping
        Of the process.
    listing : sequence or None
        See `parse_listing`; None if not known.

    Returns
    -------
    dict of str to str or None
        Entry for CUDA_VISIBLE_DEVICES -> name of the lock: the UUID where known, so that two jobs
        meet whatever they call the device. None: not known.

    Examples
    --------
    >>> visible_devices({"CUDA_VISIBLE_DEVICES": "1,GPU-b"}, None)
    {'1': '1', 'GPU-b': 'GPU-b'}
    >>> visible_devices({}, [("GPU-a", []), ("GPU-b", ["MIG-1", "MIG-2"])])
    {'GPU-a': 'GPU-a', 'MIG-1': 'MIG-1', 'MIG-2': 'MIG-2'}
    >>> visible_devices({"CUDA_VISIBLE_DEVICES": "1"}, [("GPU-a", []), ("GPU-b", [])])
    {'1': 'GPU-b'}
    >>> visible_devices({"CUDA_VISIBLE_DEVICES": "-1"}, None), visible_devices({}, None)
    ({}, None)
    """
    given = environment.get(VISIBLE)
    if given is None:
        if listing is None:
            return None
        return {part: part for gpu, parts in listing for part in parts or [gpu]}
    wholes = [gpu for gpu, _ in listing or []]
    # Numbers are those of nvidia-smi unless CUDA orders devices by speed.
    counted = environment.get(ORDER, "PCI_BUS_ID") == "PCI_BUS_ID"
    found: dict[str, str] = {}
    for entry in (text.strip() for text in given.split(",")):
        if not re.fullmatch(r"\d+|(GPU|MIG)-[\w/.-]+", entry):
            break  # CUDA ignores all entries after -1, an empty or an unknown one
        whole = counted and entry.isdigit() and int(entry) < len(wholes)
        found[entry] = wholes[int(entry)] if whole else entry
    return found


def lock_folder() -> Path:
    """The folder of the lock files, created if missing.

    Raises
    ------
    SegbenchError
        If no folder can be shared by several users.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    above = next((Path(f) for f in FOLDERS if os.access(f, os.W_OK | os.X_OK)), Path(FOLDERS[-1]))
    folder = Path(named) if named else above / "segbench-devices"
    try:
        with _for_all():
            folder.mkdir(0o1777)  # sticky: all may add files, only owners may remove them
    except FileExistsError:
        pass
    except OSError as error:
        raise _unusable(folder, str(error)) from error
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise _unusable(folder, "is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, "cannot be written to")
    return folder


@contextmanager
def _for_all() -> Iterator[None]:
    """Create files with exactly the requested mode."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def _unusable(folder: Path, why: str) -> SegbenchError:
    return SegbenchError(
        f"{folder}: {why}, but jobs that share a machine's GPUs need it for their locks",
        "a folder that all users of the machine can write to (mode 1777)",
        f"fix it, or set {FOLDER_VARIABLE} to another one",
    )


def _open(path: Path) -> int:
    """Open a lock file, created if missing.

    An existing one is opened without O_CREAT, which the kernel refuses for another user's file in
    a folder like /tmp (sysctl fs.protected_regular).
    """
    while True:
        try:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            pass
        try:
            with _for_all():
                return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        except FileExistsError:
            continue


@contextmanager
def _held(path: Path, wait: bool) -> Iterator[bool]:
    """Hold a file's lock; yields False if another process holds it and `wait` is off."""
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            same = os.path.samestat(os.fstat(descriptor), os.stat(path))
        except FileNotFoundError:
            same = False
        if same:
            break
        os.close(descriptor)  # the file was removed: the next process would lock a new one
    try:
        yield True
    finally:
        os.close(descriptor)


def _take(folder: Path, devices: Mapping[str, str], count: int, held: ExitStack) -> list[str]:
    """Lock `count` free devices or none."""
    taken: list[str] = []
    with ExitStack() as attempt:
        for entry, name in devices.items():
            if attempt.enter_context(_held(folder / f"{_plain(name)}.lock", wait=False)):
                taken.append(entry)
            if len(taken) == count:
                held.push(attempt.pop_all())
                return taken
    return []


def _plain(name: str) -> str:
    return name.replace("/", "_")


@contextmanager
def claim(count: int, log: Log) -> Iterator[tuple[str, ...]]:
    """Claim some of the visible devices and hide the others from later imports.

    Parameters
    ----------
    count : int
        How many; nothing is claimed or changed for 0 or less.
    log : callable
        Takes messages.

    Yields
    ------
    tuple of str
        Entries of CUDA_VISIBLE_DEVICES; empty if nothing was claimed: none requested, no GPU, no
        nvidia-smi, or Slurm granted this job exactly as many.

    Raises
    ------
    SegbenchError
        If fewer devices are visible than requested, or locks do not work.
    """
    devices = visible_devices(os.environ, _listing()) if count > 0 else None
    granted = "SLURM_JOB_ID" in os.environ and len(devices or ()) == count
    if not devices or granted:
        yield ()
        return
    if len(devices) < count:
        raise SegbenchError(
            f"gpu: {count}, but only {len(devices)} can be seen here ({', '.join(devices)})",
            "as many visible GPUs as the job requests",
            f"request fewer with `gpu:`, or correct {VISIBLE}",
        )
    with ExitStack() as held:
        taken = _wait(lock_folder(), devices, count, held, log)
        before = {name: os.environ.get(name) for name in (VISIBLE, ORDER)}
        os.environ[VISIBLE] = ",".join(taken)
        os.environ.setdefault(ORDER, "PCI_BUS_ID")
        log(f"claimed GPU {', '.join(taken)}")
        try:
            yield tuple(taken)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _wait(
    folder: Path, devices: Mapping[str, str], count: int, held: ExitStack, log: Log
) -> list[str]:
    """Take devices as soon as enough of them are free.

    Jobs that see the same devices queue up, so that a job that needs several does not starve. None
    holds some devices while waiting for others, so there is no deadlock.
    """
    of_all = hashlib.sha256("\n".join(sorted(devices.values())).encode()).hexdigest()[:16]
    queue = folder / f"queue-{of_all}.lock"
    with ExitStack() as turn:
        waits = not turn.enter_context(_held(queue, wait=False))
        taken = [] if waits else _take(folder, devices, count, held)
        if taken:
            return taken
        names = ", ".join(devices)
        log(f"waiting for {count} of the GPUs {names}: other jobs have them")
        if waits:
            turn.enter_context(_held(queue, wait=True))
        while not (taken := _take(folder, devices, count, held)):
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return taken


#: Held until the process ends, as long as Keras keeps the memory of a device.
_UNTIL_THE_END = ExitStack()


def claiming(work: Callable[[J], T]) -> Callable[[J], T]:
    """Wrap work so that it runs with as many own devices as its job requested."""

    @wraps(work)
    def claimed(job: J) -> T:
        _UNTIL_THE_END.enter_context(claim(job.devices, job.say))
        return work(job)

    return claimed
