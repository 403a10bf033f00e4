"""Progress of a run in one line a minute at most; everything else goes to a file.

    PYTHONPATH=scripts/progress snakemake --logger progress

A line says how many jobs are done, which rules are running, and how long the rest may take.
Errors are printed at once, with the end of the failed job's log. What Snakemake and its jobs
print otherwise is in logs/snakemake.log. Snakemake finds the plugin by the name of this module.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

#: Seconds between two lines.
INTERVAL = 60.0

#: Lines of a failed job's log that are shown.
SHOWN = 12

LOG = Path("logs/snakemake.log")


def readable(seconds: float) -> str:
    """A duration in words: ``40 s``, ``7 min``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """What is done, what is running, and how long the rest takes at this pace.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.began = clock()
        self.done = self.total = 0
        self.waiting: Counter[str] = Counter()
        self.running: dict[int, tuple[str, float]] = {}
        self.seconds: dict[str, list[float]] = {}

    def plan(self, jobs: dict[str, int]) -> None:
        """Take up the jobs of the run: rule -> number of jobs."""
        self.waiting = Counter({rule: count for rule, count in jobs.items() if rule != "total"})
        self.total = sum(self.waiting.values())

    def start(self, job: int, rule: str) -> None:
        """A job starts; one that is tried again counts once."""
        self.waiting[rule] -= job not in self.running
        self.running[job] = (rule, self.clock())

    def finish(self, job: int) -> None:
        """A job has finished."""
        rule, began = self.running.pop(job, ("", 0.0))
        if rule:
            self.seconds.setdefault(rule, []).append(self.clock() - began)

    def left(self) -> tuple[float, bool] | None:
        """Seconds until the end; whether every rule that is left was measured; None: unknown."""
        means = {rule: sum(spent) / len(spent) for rule, spent in self.seconds.items()}
        if not means:
            return None
        left = [rule for rule, count in self.waiting.items() if count > 0]
        usual = sum(means.values()) / len(means)
        work = sum(self.waiting[rule] * means.get(rule, usual) for rule in left)
        now = self.clock()
        ages = {job: now - began for job, (_, began) in self.running.items()}
        for job, (rule, _) in self.running.items():
            work += max(0.0, means.get(rule, usual) - ages[job])
        spent = sum(map(sum, self.seconds.values())) + sum(ages.values())
        at_once = max(1.0, spent / max(now - self.began, 1e-9))
        known = all(rule in means for rule in [*left, *(rule for rule, _ in self.running.values())])
        return work / at_once, known

    def line(self) -> str:
        """One line for the terminal."""
        rules = Counter(rule for rule, _ in self.running.values())
        names = [f"{rule} x{count}" if count > 1 else rule for rule, count in sorted(rules.items())]
        parts = [f"{self.done}/{self.total} jobs done", f"running: {', '.join(names) or 'nothing'}"]
        left = self.left()
        if left and self.done < self.total:
            parts.append(f"{'about' if left[1] else 'at least'} {readable(left[0])} left")
        return " | ".join(parts)


def _for_people(record: logging.LogRecord) -> bool:
    """Whether a message belongs on the terminal; what a failed job's log says better does not."""
    text = record.getMessage()
    noise = ("RuleException", "At least one job did not complete", "Exiting because a job")
    if any(part in text for part in noise):
        return False
    return record.levelno >= logging.ERROR or text.startswith("Nothing to be done")


class LogHandler(LogHandlerBase):
    """Turns Snakemake's events into lines of progress."""

    def __post_init__(self) -> None:
        self.progress = Progress()
        self.terminal = sys.stderr
        self.printed = time.monotonic()
        self.stopped = threading.Event()
        if not self.common_settings.dryrun:
            self._redirect()
            threading.Thread(target=self._tick, daemon=True).start()

    def _redirect(self) -> None:
        """Send what Snakemake and its jobs print to the log; keep the terminal for progress."""
        self.terminal = os.fdopen(os.dup(2), "w", buffering=1)
        LOG.parent.mkdir(parents=True, exist_ok=True)
        sink = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for stream in (1, 2):
            os.dup2(sink, stream)
        os.close(sink)

    def _tick(self) -> None:
        while not self.stopped.wait(1):
            if self.progress.total and time.monotonic() - self.printed >= INTERVAL:
                self._say(self.progress.line())

    def _say(self, line: str) -> None:
        self.printed = time.monotonic()
        print(line, file=self.terminal, flush=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Take up one event."""
        try:
            self._take(record, getattr(record, "event", None))
        except Exception:
            self.handleError(record)

    def _take(self, record: logging.LogRecord, event: Any) -> None:
        found = vars(record)
        if event == LogEvent.RUN_INFO:
            self.progress.plan(found["stats"])
            self._say(f"{self.progress.total} jobs to do; details in {LOG}")
        elif event == LogEvent.JOB_INFO:
            self.progress.start(found["jobid"], found["rule_name"])
        elif event == LogEvent.JOB_FINISHED:
            self.progress.finish(found["job_id"])
        elif event == LogEvent.PROGRESS:
            self.progress.done, self.progress.total = found["done"], found["total"]
            if found["done"] == found["total"]:
                self._say(self.progress.line())
        elif event in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
            self._say(f"failed: {found.get('rule_name', 'a group of jobs')}")
            for log in found.get("log") or []:
                self._show(Path(str(log)))
        elif _for_people(record):
            self._say(record.getMessage())
        text = self.format(record)
        if text and text != "None":
            print(text, file=sys.stderr, flush=True)

    def _show(self, log: Path) -> None:
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        for line in [*lines[-SHOWN:], f"(log: {log})"]:
            self._say(f"    {line}")

    def close(self) -> None:
        """Stop the clock; say how to go on where jobs are left."""
        if not self.stopped.is_set() and self.progress.done < self.progress.total:
            done = f"{self.progress.done}/{self.progress.total} jobs done"
            self._say(f"Stopped: {done}; the same command resumes. Details: {LOG}")
        self.stopped.set()
        super().close()

    writes_to_stream = property(lambda self: True)
    writes_to_file = property(lambda self: False)
    has_filter = property(lambda self: True)
    has_formatter = property(lambda self: False)  # Snakemake's own, for the file
    needs_rulegraph = property(lambda self: False)
