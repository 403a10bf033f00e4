"""Predict what a job needs before it runs: memory, memory of a GPU, time.

From the recipe and from what is known of the data, without Keras and in microseconds, because
Snakemake asks for every job that it plans. The one predictor: jobs ask the scheduler for its
figures plus a margin, and `segbench.explain` forecasts with them.
"""

from __future__ import annotations

from segbench.resources.fingerprint import Fingerprint, Sheet, fingerprint, read_sheet
from segbench.resources.needs import Needs
from segbench.resources.stages import predict_needs, stage_needs
from segbench.resources.training import training_needs

__all__ = [
    "Fingerprint",
    "Needs",
    "Sheet",
    "fingerprint",
    "predict_needs",
    "read_sheet",
    "stage_needs",
    "training_needs",
]
