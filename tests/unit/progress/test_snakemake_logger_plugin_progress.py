"""What `make demo` prints: one line a minute at most, errors at once, the rest in a file."""

from __future__ import annotations

import sys

import pytest

from workflow.project import ROOT

sys.path.insert(0, str(ROOT / "scripts/progress"))

from snakemake_logger_plugin_progress import Progress, readable


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "10 s"),
        (44, "40 s"),
        (59.9, "60 s"),
        (60, "1 min"),
        (89, "1 min"),
        (95, "2 min"),
        (3600, "1 h 0 min"),
        (12010, "3 h 20 min"),
    ],
)
def test_durations_are_readable(seconds, text):
    assert readable(seconds) == text


def test_a_line_counts_jobs_and_names_running_rules(clock):
    progress = Progress(clock)
    progress.plan({"train": 2, "score": 3, "total": 5})
    progress.start(1, "train")
    progress.start(2, "score")
    progress.start(3, "score")
    assert progress.line() == "0/5 jobs done | running: score x2, train"


def test_time_left_is_unknown_before_a_job_has_finished(clock):
    progress = Progress(clock)
    progress.plan({"train": 2})
    progress.start(1, "train")
    assert progress.left() is None


def test_time_left_by_what_each_rule_took(clock):
    progress = Progress(clock)
    progress.plan({"train": 4, "score": 2})
    progress.start(1, "train")
    clock.now += 30
    progress.finish(1)
    progress.start(2, "score")
    clock.now += 10
    progress.finish(2)
    # Three trainings of 30 s and a score of 10 s, one after another.
    assert progress.left() == (100.0, True)


def test_two_jobs_at_once_take_half_the_time(clock):
    progress = Progress(clock)
    progress.plan({"train": 6})
    for job in (1, 2):
        progress.start(job, "train")
    clock.now += 20
    for job in (1, 2):
        progress.finish(job)
    assert progress.left() == (40.0, True)


def test_what_has_run_of_a_job_is_not_left(clock):
    progress = Progress(clock)
    progress.plan({"train": 2})
    progress.start(1, "train")
    clock.now += 20
    progress.finish(1)
    progress.start(2, "train")
    clock.now += 15
    assert progress.left() == (5.0, True)


def test_a_rule_without_a_finished_job_makes_it_a_lower_bound(clock):
    progress = Progress(clock)
    progress.plan({"score": 1, "train": 1})
    progress.start(1, "score")
    clock.now += 70
    progress.finish(1)
    progress.done, progress.total = 1, 2
    assert progress.line() == "1/2 jobs done | running: nothing | at least 1 min left"


def test_a_retried_job_counts_once(clock):
    progress = Progress(clock)
    progress.plan({"train": 2})
    progress.start(1, "train")
    progress.start(1, "train")
    assert progress.waiting["train"] == 1
