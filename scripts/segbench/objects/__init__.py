"""Objects: their measurements as a table, their metadata as RDF."""

from __future__ import annotations

from segbench.objects.nodes import ImageInfo, Origin
from segbench.objects.rdf import write_rdf
from segbench.objects.shacl import check, validate, write_report
from segbench.objects.stage import describe_run, measure_run, raw_digest, task_of
from segbench.objects.table import join, measure, read_objects, write_objects

__all__ = [
    "ImageInfo",
    "Origin",
    "check",
    "describe_run",
    "join",
    "measure",
    "measure_run",
    "raw_digest",
    "read_objects",
    "task_of",
    "validate",
    "write_objects",
    "write_rdf",
    "write_report",
]
