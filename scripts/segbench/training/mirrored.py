"""Several devices on TensorFlow: each has all weights and computes its rows of every batch.

Each device computes what a single device would compute for these rows, up to the order of
sums: random numbers are drawn for the whole batch, losses and gradients are summed over it,
and gradients are summed before they are clipped.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from segbench.augmentation.draw import Draw, rows_of
from segbench.training.step import Step


def _here() -> tuple[int, Any]:
    """Number of devices, and index of the one that is being traced."""
    context = tf.distribute.get_replica_context()
    if context is None:  # Keras asks for shapes only
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group


class RowsDropout(keras.layers.Dropout):
    """Dropout that drops, in the rows of this device, the same values as on one device."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop, when training."""
        count, number = _here()
        if not training or self.rate == 0 or count == 1:
            return super().call(inputs, training=training)
        wanted = self.noise_shape or (None,) * len(inputs.shape)
        rows, *rest = (
            size if size is not None else inputs.shape[axis] for axis, size in enumerate(wanted)
        )
        kept = ops.ones((rows * count, *rest), dtype=inputs.dtype)
        kept = keras.random.dropout(kept, self.rate, seed=self.seed_generator)
        return inputs * rows_of(kept, number, rows)


class MirroredStep(Step):
    """A step on all devices of the strategy in whose scope it is made."""

    def draw(self, seed: Any, samples: int) -> Draw:
        """The random numbers of these rows of the batch."""
        return Draw(self.generator, seed, samples, *_here())

    def compile(self, **options: Any) -> None:
        """Compile as Keras does, and trace the step again."""
        super().compile(**options)
        _reduce_once(self.optimizer)
        self.strategy = tf.distribute.get_strategy()
        self._train = tf.function(self._train_all, autograph=False)
        self._predict = tf.function(self._predict_all, autograph=False)

    def _spread(self, batch: dict[str, np.ndarray]) -> Any:
        """The batch with each device's rows on that device."""
        count = self.strategy.num_replicas_in_sync
        devices = self.strategy.extended.worker_devices

        def part(context: Any) -> dict[str, Any]:
            number = context.replica_id_in_sync_group
            with tf.device(devices[number]):
                return {
                    name: tf.constant(array if name == "seed" else _part(array, number, count))
                    for name, array in batch.items()
                }

        return self.strategy.experimental_distribute_values_from_function(part)

    def _train_part(self, batch: dict[str, Any]) -> Any:
        """One device's share of the loss; the weights move by the gradient of the whole."""
        with tf.GradientTape() as tape:
            losses = self(batch, training=True)
            loss = ops.sum(losses) / (losses.shape[0] * self.strategy.num_replicas_in_sync)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        self.optimizer.apply(gradients, variables)
        return loss

    def _train_all(self, batch: Any) -> Any:
        losses = self.strategy.run(self._train_part, args=(batch,))
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    def train_on_batch(self, x: dict[str, np.ndarray], *_: Any, **__: Any) -> Any:
        """Train on a batch; give its loss."""
        return self._train(self._spread(x)).numpy()

    def _predict_all(self, batch: Any) -> Any:
        return self.strategy.run(self.call, args=(batch,))

    def predict_on_batch(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Loss and counts of each sample of a batch."""
        results = self._predict(self._spread(x))
        return {
            name: np.concatenate(
                [part.numpy() for part in self.strategy.experimental_local_results(values)]
            )
            for name, values in results.items()
        }


def _part(array: np.ndarray, number: int, count: int) -> np.ndarray:
    rows = len(array) // count
    return array[number * rows : (number + 1) * rows]


def _reduce_once(optimizer: keras.optimizers.Optimizer) -> None:
    """Stop an optimizer from summing gradients over devices: they are summed already.

    Keras would sum them after clipping those of each device, and after looking for infinities
    in those of each device, which gives other weights than a single device does.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if not callable(getattr(inner, "_all_reduce_sum_gradients", None)):
        raise RuntimeError("this version of Keras sums gradients elsewhere: adapt _reduce_once")
    inner._all_reduce_sum_gradients = list


@lru_cache
def _strategy(devices: tuple[str, ...]) -> Any:
    """One strategy per process: TensorFlow refuses the sums of a second one.

    So a process can train on any number of devices, but always on the same ones.
    """
    return tf.distribute.MirroredStrategy(list(devices))


class Mirrored:
    """Several of TensorFlow's logical devices, by `tf.distribute.MirroredStrategy`."""

    make_step: type[Step] = MirroredStep

    def __init__(self, devices: tuple[str, ...]) -> None:
        self.strategy = _strategy(devices)

    def scope(self) -> AbstractContextManager[object]:
        """Variables made in it are on all devices."""
        return cast(AbstractContextManager[object], self.strategy.scope())

    def spread(self, network: keras.Model) -> keras.Model:
        """The network with dropout and batch normalisation over the whole batch."""

        def remake(layer: keras.layers.Layer) -> keras.layers.Layer:
            config = layer.get_config()
            if type(layer) is keras.layers.Dropout:
                return RowsDropout.from_config(config)
            if isinstance(layer, keras.layers.BatchNormalization):
                config["synchronized"] = True
            return type(layer).from_config(config)

        result = keras.models.clone_model(network, clone_function=remake, recursive=True)
        result.set_weights(network.get_weights())
        return result
