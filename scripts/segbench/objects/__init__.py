"""Objects: their measurements as a table, their metadata as RDF."""

from __future__ import annotations

from segbench.objects.table import join, measure, read_objects, write_objects

__all__ = ["join", "measure", "read_objects", "write_objects"]
