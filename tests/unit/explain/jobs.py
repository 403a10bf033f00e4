"""Explanations of a few jobs, for tests."""

from __future__ import annotations

from segbench.explain.causes import Cause
from segbench.explain.costs import Estimate, Hours
from segbench.explain.plan import Planned
from segbench.explain.summary import summarise

RATE = Cause("parameter", "training.optimizer.learning_rate", "model unet", "0.001", "0.0005")


def estimate(wall, cpu, gpu):
    """An estimate that may be off by half."""
    return Estimate(Hours(wall, cpu, gpu), wall / 2, wall * 1.5)


def explanation(*jobs):
    """From (rule, studies, causes, fate, estimate) of each job."""
    planned = [
        Planned(n, rule, {"fold": str(n)}, {}, outputs={"a": f"{rule}-{n}"}, studies=tuple(studies))
        for n, (rule, studies, *_) in enumerate(jobs)
    ]
    columns = [dict(enumerate(column)) for column in zip(*(job[2:] for job in jobs), strict=True)]
    return summarise(planned, *(columns or ({}, {}, {})))
