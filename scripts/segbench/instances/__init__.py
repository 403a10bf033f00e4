"""From labels to the maps that a network learns, and from predicted maps back to objects."""

from __future__ import annotations

from segbench.instances.decisions import decide
from segbench.instances.decoding import decode
from segbench.instances.stage import sample_label, segment, segmented
from segbench.instances.targets import activation, make_targets, map_names

__all__ = [
    "activation",
    "decide",
    "decode",
    "make_targets",
    "map_names",
    "sample_label",
    "segment",
    "segmented",
]
