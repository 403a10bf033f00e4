"""From labels to the maps that a network learns, and from predicted maps back to objects."""

from __future__ import annotations

from segbench.instances.targets import make_targets, map_names

__all__ = ["make_targets", "map_names"]
