"""Several devices on JAX: one compiled program, its batch spread over the devices.

The program is the same as on one device: random numbers, batch statistics and sums are those of
the whole batch.
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
        continue with the whole batch on every device.
        """
        arrays = super().changed(image, target, draw)
        layouts = (keras.distribution.distribution().get_data_layout(a.shape) for a in arrays)
        image, target = map(keras.distribution.distribute_tensor, arrays, layouts)
        return image, target


class _ByRows(keras.distribution.DataParallel):
    """Spreads arrays with rows; the two numbers of the seed go to all devices."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> Any:
        """Layout of an array of a batch."""
        if len(data_shape) == 1:
            return keras.distribution.TensorLayout((None,), self.device_mesh)
        return super().get_data_layout(data_shape)


class Sharded:
    """Several devices, by their names in Keras, by `keras.distribution.DataParallel`."""

    make_step: type[Step] = ShardedStep

    def __init__(self, devices: tuple[str, ...]) -> None:
        self.distribution = _ByRows(devices=list(devices), auto_shard_dataset=False)

    def scope(self) -> AbstractContextManager[object]:
        """Context whose variables are on all devices, and in which steps run."""
        return cast(AbstractContextManager[object], self.distribution.scope())

    def spread(self, network: keras.Model) -> keras.Model:
        """The network itself."""
        return network
