"""Training on one or several devices, on each Keras backend."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import keras

from segbench.training.step import Step


class Replicas(Protocol):
    """How a step is spread over devices. The global batch is always that of the recipe.

    Attributes
    ----------
    make_step : callable
        Makes the `Step`; arguments as of that. Its `train_on_batch` and `predict_on_batch`
        take the global batch.
    """

    make_step: type[Step]

    def scope(self) -> AbstractContextManager[object]:
        """Context in which networks, steps and optimizers are made and steps run."""

    def spread(self, network: keras.Model) -> keras.Model:
        """The network to train, with the same names of layers and the same weights."""


class OneDevice:
    """Keras as it is."""

    make_step = Step

    def scope(self) -> AbstractContextManager[object]:
        """Nothing to enter."""
        return nullcontext()

    def spread(self, network: keras.Model) -> keras.Model:
        """The network itself."""
        return network


def replicas_on(devices: tuple[str, ...]) -> Replicas:
    """Choose how a training runs; with fewer than two devices on the backend's default one."""
    if len(devices) < 2:
        return OneDevice()
    if keras.backend.backend() == "tensorflow":
        from segbench.training.mirrored import Mirrored

        return Mirrored(devices)
    from segbench.training.sharded import Sharded

    return Sharded(devices)
