"""Several devices on JAX: the compiled step is one program, its batch lies spread over them.

The program means what it means on one device, whatever lies where: random numbers, batch
statistics and sums are of the whole batch without more ado.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast

import keras

from segbench.augmentation.draw import Draw
from segbench.training.step import Step


class ShardedStep(Step):
    """A step whose batch stays spread over the devices."""

    def changed(self, image: Any, target: Any, draw: Draw) -> tuple[Any, Any]:
        """Image and target after the random changes.

        The compiler does not see that jitter looks up each pixel in its own image, and would
        go on with the whole batch on every device.
        """
        arrays = super().changed(image, target, draw)
        layouts = (keras.distribution.distribution().get_data_layout(a.shape) for a in arrays)
        image, target = map(keras.distribution.distribute_tensor, arrays, layouts)
        return image, target


class _ByRows(keras.distribution.DataParallel):
    """Spreads what has rows; the two numbers of the seed go to all devices."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> Any:
        """Where an array of a batch lies."""
        if len(data_shape) == 1:
            return keras.distribution.TensorLayout((None,), self.device_mesh)
        return super().get_data_layout(data_shape)


class Sharded:
    """Several devices, by `keras.distribution.DataParallel`.

    Parameters
    ----------
    devices : tuple of str
        Keras's names of them.
    """

    make_step: type[Step] = ShardedStep

    def __init__(self, devices: tuple[str, ...]) -> None:
        self.distribution = _ByRows(devices=list(devices), auto_shard_dataset=False)

    def scope(self) -> AbstractContextManager[object]:
        """Variables made in it are on all devices; steps are run in it."""
        return cast(AbstractContextManager[object], self.distribution.scope())

    def spread(self, network: keras.Model) -> keras.Model:
        """The network itself."""
        return network
