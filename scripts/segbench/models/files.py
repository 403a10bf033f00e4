"""Paths of local files of pretrained weights. No Keras here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from segbench.models.layers import Network

AnyOne = TypeVar("AnyOne", bound=Network)


def local_weights(network: Network, root: str | Path) -> list[str]:
    """Path of the local file of weights that a network names, relative to `root`, or none."""
    path = network.encoder.local_weights if network.encoder else None
    return [] if path is None else [str(Path(root) / Path(path).expanduser())]


def with_local_weights(network: AnyOne, paths: Sequence[str | Path]) -> AnyOne:
    """The network with the actual path of its file of weights, if it names one."""
    if network.encoder is None or not paths:
        return network
    backbone = network.encoder.model_copy(update={"weights": str(paths[0])})
    return network.model_copy(update={"backbone": backbone})
