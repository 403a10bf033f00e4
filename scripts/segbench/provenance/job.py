"""One job of the workflow: its log, its place in the store, its cost and its record.

A script in `scripts/` hands one function to `run`, which looks in the store first, so that
finished work is never repeated and a hit does not import what the work needs.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segbench.errors import SegbenchError
from segbench.os_errors import explain
from segbench.provenance.cost import Meter, write_cost
from segbench.provenance.devices import claiming
from segbench.provenance.keys import Job, Selection, work_key
from segbench.provenance.record import RECORDS, Digests, write_record
from segbench.provenance.store import Store
from segbench.store_location import store_location

__all__ = ["Job", "run", "work_key"]

#: Minimum interval between lines of progress on the terminal.
SECONDS_BETWEEN_LINES = 15.0


class _Terminal(logging.Handler):
    """Passes log lines on to the terminal: all warnings, other lines now and then."""

    def __init__(self, name: str, stream: Any) -> None:
        super().__init__(logging.INFO)
        self._name = name
        self._stream = stream
        self._last = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        loud = record.levelno >= logging.WARNING
        if loud or time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            print(f"{self._name}: {record.getMessage()}", file=self._stream, flush=True)


def _files(namedlist: Any) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for name, value in namedlist.items():
        files[name] = [Path(value)] if isinstance(value, str) else [Path(v) for v in value]
    return files


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
    """Set the variables that numeric libraries read when they are imported."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def run(
    snakemake: Any,
    work: Callable[[Job], int | None],
    *,
    selection: Selection | None = None,
    stored: bool = True,
) -> None:
    """Do the work of a job, unless it is in the store.

    Parameters
    ----------
    snakemake : object
        The object that Snakemake gives a script.
    work : callable
        Takes the `Job` and writes all its outputs; may return the number of images.
    selection : callable, optional
        See `segbench.provenance.keys.work_key`.
    stored : bool
        Whether the outputs are stored; off for cheap work and for what is not a result.
    """
    wildcards = {name: str(value) for name, value in snakemake.wildcards.items()}
    name = " ".join([snakemake.rule, *wildcards.values()])
    terminal = _open_log(snakemake.log[0] if snakemake.log else None, name)
    _limit_threads(snakemake.threads)
    asked = getattr(snakemake, "resources", None)
    meter = Meter(snakemake.rule, wildcards, snakemake.threads, asked)
    outputs = {key: paths[0] for key, paths in _files(snakemake.output).items()}
    made = list(outputs.values())
    cost = outputs.pop("cost", None)
    job = Job(
        _files(snakemake.input),
        outputs,
        dict(snakemake.params.items()),
        wildcards,
        snakemake.threads,
        terminal=terminal,
        devices=int(asked.get("gpu", 0)) if asked is not None else 0,
    )
    work = claiming(work)  # after the store lookup: a hit waits for no device
    try:
        inputs = Digests()
        key = work_key(snakemake.rule, job, selection, inputs) if stored else None
        inputs.all_of(job.inputs)
        if key:
            spent = _with_store(key, snakemake.rule, job, work, meter)
        else:
            spent = meter.read("computed", work(job))
        if cost:
            write_cost(str(cost), spent)
        _record(snakemake.rule, job, inputs, made, key, spent)
    except Exception as error:
        explained = explain(error, [*made, store_location()])
        _fail(name, str(explained) if explained else traceback.format_exc(), terminal)


def _with_store(
    key: str, rule: str, job: Job, work: Callable[[Job], int | None], meter: Meter
) -> dict[str, Any]:
    store = Store(store_location())
    job.say(f"key {key}")
    with store.locks.key(key):
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


def _record(
    rule: str,
    job: Job,
    inputs: Digests,
    outputs: list[Path],
    key: str | None,
    cost: dict[str, Any],
) -> None:
    """Write the record of the job; a failure to do so does not fail the job."""
    try:
        write_record(RECORDS, rule, job.wildcards, job.params, inputs, outputs, key=key, cost=cost)
    except OSError as error:
        job.say(f"Could not write the record of this job: {error}")


def _fail(name: str, message: str, terminal: Any) -> None:
    logging.getLogger("segbench").error(message)
    print(f"{name} failed:\n{message}", file=terminal, flush=True)
    sys.exit(1)
