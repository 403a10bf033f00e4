"""The checkpoint of an interrupted training: one file, complete or absent. No Keras here."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segbench.files import atomic_path
from segbench.os_errors import FULL

log = logging.getLogger(__name__)


@dataclass
class State:
    """A training after some epoch.

    Attributes
    ----------
    fingerprint : str
        Of everything the training depends on; a state with another one is not used.
    epoch : int
        Last finished epoch.
    history : list of dict
        One row per finished epoch.
    best_epoch : int
        The one whose weights are kept.
    device : str
        Description of the device it was computed on.
    weights, optimizer, best : list of ndarray
        Network and optimizer after `epoch`, network after `best_epoch`.
    """

    fingerprint: str
    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    device: str = ""
    weights: Sequence[np.ndarray] = ()
    optimizer: Sequence[np.ndarray] = ()
    best: Sequence[np.ndarray] = ()


def state_file(folder: str | Path) -> Path:
    """Where a training keeps its state."""
    return Path(folder) / "training-state.npz"


def save(folder: str | Path, state: State) -> None:
    """Write the state beside the old one, sync it to the disk, rename it into place.

    A full disk does not end a training: the older state is kept, and a warning is logged.
    """
    record = {
        "fingerprint": state.fingerprint,
        "epoch": state.epoch,
        "history": state.history,
        "best_epoch": state.best_epoch,
        "device": state.device,
        "counts": [len(state.weights), len(state.optimizer), len(state.best)],
    }
    arrays = {"record": np.frombuffer(json.dumps(record).encode(), np.uint8)}
    for name in ("weights", "optimizer", "best"):
        for number, value in enumerate(getattr(state, name)):
            array = np.asarray(value)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"{name} {number} is {array.dtype}, which NumPy cannot store")
            arrays[f"{name}{number}"] = array
    try:
        with atomic_path(state_file(folder)) as beside:
            np.savez(beside, allow_pickle=False, **arrays)
            # Another member of the group may resume it, whatever our umask.
            beside.chmod(beside.parent.stat().st_mode & 0o666)
    except OSError as error:
        if error.errno not in FULL:
            raise
        log.warning(
            f"no space left in {folder}: the checkpoint of epoch {state.epoch} was not saved; "
            "if the training is killed now, it resumes after an earlier epoch"
        )


def load(folder: str | Path, fingerprint: str) -> State | None:
    """Read the state of a training with this fingerprint.

    None if there is none, if it belongs to another training, or if it is damaged: then the
    training starts over.
    """
    path = state_file(folder)
    for leftover in path.parent.glob(f".*.partial.{path.name}"):
        leftover.unlink(missing_ok=True)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            record = json.loads(arrays["record"].tobytes())
            counts = dict(zip(("weights", "optimizer", "best"), record["counts"], strict=True))
            lists = {n: [arrays[f"{n}{k}"] for k in range(c)] for n, c in counts.items()}
        state = State(
            record["fingerprint"],
            int(record["epoch"]),
            list(record["history"]),
            int(record["best_epoch"]),
            str(record["device"]),
            **lists,
        )
    except Exception as error:  # a damaged zip makes zipfile and NumPy raise almost anything
        log.warning(f"checkpoint {path} is damaged ({error}): starting over")
        return None
    if state.fingerprint != fingerprint:
        log.warning(f"checkpoint {path} belongs to another training: starting over")
        return None
    return state
