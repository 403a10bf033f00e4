"""One job of the workflow: its log, its place in the store, its cost.

A script in `scripts/` unpacks nothing itself. It names one function of the library and
hands it to `run`, which looks in the store first, so that finished work is never redone
and a hit never imports what the work needs.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.provenance.cost import Meter, write_cost
from segbench.provenance.store import Store, key_of

#: Where the store is; the Snakefile sets it from the config.
STORE_VARIABLE = "SEGBENCH_STORE"

#: Wildcards that say which data a job works on. The names of recipes are left out: their
#: content is in the parameters, and two names for one recipe are one piece of work.
IDENTITY = ("dataset", "shard", "protocol", "seed", "fold", "study")

#: A long job says on the terminal how far it is, at most this often.
SECONDS_BETWEEN_LINES = 15.0


@dataclass(frozen=True)
class Job:
    """What a script needs to know of its job.

    Attributes
    ----------
    inputs, outputs : dict of str to list of Path
        Files by the names they have in the rule.
    params : dict
        The rule's parameters.
    wildcards : dict of str to str
        The rule's wildcards.
    threads : int
        Threads granted.
    state : Path or None
        Folder that outlives the job until it succeeds; None where nothing is stored.
    terminal : file or None
        Where people look; all other output of the process goes to the job's log.
    """

    inputs: dict[str, list[Path]]
    outputs: dict[str, Path]
    params: dict[str, Any]
    wildcards: dict[str, str]
    threads: int
    state: Path | None = None
    terminal: TextIO | None = None

    def input(self, name: str) -> Path:
        """The one file of an input name."""
        (path,) = self.inputs[name]
        return path

    def say(self, line: str) -> None:
        """Write a line to the job's log."""
        logging.getLogger("segbench").info(line)


class _Terminal(logging.Handler):
    """Passes a line on to the terminal now and then."""

    def __init__(self, name: str, stream: Any) -> None:
        super().__init__(logging.INFO)
        self._name = name
        self._stream = stream
        self._last = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            print(f"{self._name}: {record.getMessage()}", file=self._stream, flush=True)


def _files(namedlist: Any) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for name, value in namedlist.items():
        files[name] = [Path(value)] if isinstance(value, str) else [Path(v) for v in value]
    return files


def _digest_input(path: Path) -> str:
    """Digest of an input's content; for an archive, of its own list of digests."""
    if path.name.endswith(".zarr.zip"):
        from segbench.archives import archive_digest

        return archive_digest(path)
    return sha256_of_file(path)


def _open_log(path: str | None, name: str) -> Any:
    """Send all output of this process to the log; return the terminal's stream."""
    terminal = os.fdopen(os.dup(2), "w")
    logger = logging.getLogger("segbench")
    logger.setLevel(logging.INFO)
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        sink = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.addHandler(_Terminal(name, terminal))
    return terminal


def _limit_threads(threads: int) -> None:
    """Numeric libraries read these when they are first imported."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def work_key(rule: str, job: Job, selection: Callable[[Job], dict[str, str]] | None = None) -> str:
    """The key of a job's work in the store.

    Parameters
    ----------
    rule : str
        Name of the rule.
    job : Job
        The job; its parameters hold the digest of the code.
    selection : callable, optional
        Gives digests by input name where a job uses only part of a file, e.g. the
        samples of one fold; these stand for the digest of the whole file.
    """
    chosen = selection(job) if selection else {}
    inputs = {
        name: chosen.get(name) or [_digest_input(path) for path in paths]
        for name, paths in job.inputs.items()
    }
    identity = {name: job.wildcards[name] for name in IDENTITY if name in job.wildcards}
    return key_of({"rule": rule, "params": job.params, "inputs": inputs, "of": identity})


def run(
    snakemake: Any,
    work: Callable[[Job], int | None],
    *,
    selection: Callable[[Job], dict[str, str]] | None = None,
    stored: bool = True,
) -> None:
    """Do a job's work, unless the store has it.

    Parameters
    ----------
    snakemake : object
        What Snakemake gives a script.
    work : callable
        Takes the `Job`, writes all its outputs; may return how many images it handled.
    selection : callable, optional
        See `work_key`.
    stored : bool
        Whether the outputs belong in the store; no for what is cheap or not a result.
    """
    wildcards = {name: str(value) for name, value in snakemake.wildcards.items()}
    name = " ".join([snakemake.rule, *wildcards.values()])
    terminal = _open_log(snakemake.log[0] if snakemake.log else None, name)
    _limit_threads(snakemake.threads)
    meter = Meter(snakemake.rule, wildcards, snakemake.threads)
    store = Store(os.environ.get(STORE_VARIABLE, ".segbench/store"))
    outputs = {key: paths[0] for key, paths in _files(snakemake.output).items()}
    cost = outputs.pop("cost", None)
    job = Job(
        _files(snakemake.input),
        outputs,
        dict(snakemake.params.items()),
        wildcards,
        snakemake.threads,
        terminal=terminal,
    )
    try:
        if stored:
            spent = _with_store(store, snakemake.rule, job, work, selection, meter)
        else:
            spent = meter.read("computed", work(job))
        if cost:
            write_cost(str(cost), spent)
    except SegbenchError as error:
        _fail(name, str(error), terminal)
    except Exception:
        _fail(name, traceback.format_exc(), terminal)


def _with_store(
    store: Store,
    rule: str,
    job: Job,
    work: Callable[[Job], int | None],
    selection: Callable[[Job], dict[str, str]] | None,
    meter: Meter,
) -> dict[str, Any]:
    key = work_key(rule, job, selection)
    job.say(f"key {key}")
    with store.lock(key):
        entry = store.restore(key, job.outputs)
        if entry is not None:
            job.say("found in the store, verified and restored")
            took = meter.read("restored")
            return {**entry["record"].get("cost", took), "status": "restored"}
        job = Job(**{**vars(job), "state": store.state(key)})
        images = work(job)
        for path in job.outputs.values():
            if not path.exists():
                raise SegbenchError(
                    f"{path}: was not written", "every output of the job", "report this as a bug"
                )
        spent = meter.read("computed", images)
        store.publish(key, job.outputs, {"rule": rule, "cost": spent})
        return spent


def _fail(name: str, message: str, terminal: Any) -> None:
    logging.getLogger("segbench").error(message)
    print(f"{name} failed:\n{message}", file=terminal, flush=True)
    sys.exit(1)
