"""One compiled step: jitter, network, loss. The same code on each Keras backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from segbench.augmentation.draw import Draw
from segbench.augmentation.jitter import jitter
from segbench.config.augmentation import Jitter
from segbench.models.dimensions import spatial_axes
from segbench.models.losses import Factors, Loss, make_loss
from segbench.models.partial import hidden, joined, over_pixels
from segbench.training.task import Task
from segbench.unannotated import UNANNOTATED


class Step(keras.Model):
    """Computes the loss of a batch. Compile it, then use `train_on_batch` and `predict_on_batch`.

    Parameters
    ----------
    network : keras.Model
        All heads, the finest first.
    task : Task
        Maps and scales.
    loss : Loss
        The loss of the recipe.
    change : Jitter or None
        Applied when training.
    factors : sequence of float, optional
        Of the maps in the loss, see `segbench.models.class_weights`.

    Notes
    -----
    A batch is a dict of ``image`` (batch, ..., channel) and ``target`` (batch, ..., k) as
    stored, and ``seed`` (2,) when training or ``weight`` (batch, ..., 1) when not. Target and
    weight of whole images are (batch, 1); their logits are treated as those of one pixel.
    Where classes of some samples were not annotated, ``annotated`` (batch, map) says which were.
    Pixels whose target is `UNANNOTATED` have no weight if the task is partial.

    The seed is written into the seed generators of the network's Dropout layers before
    these are used. So their draws do not depend on earlier ones, and a training that was
    interrupted resumes as if it had not been.
    """

    def __init__(
        self,
        network: keras.Model,
        task: Task,
        loss: Loss,
        change: Jitter | None,
        factors: Factors = None,
    ) -> None:
        super().__init__(name="step", dtype="float32")
        self.network = network
        self.task = task
        self.change = change
        sets = 1 if task.target_scale != 1 else None
        self.loss_function = make_loss(loss, task.exclusive, sets, factors, task.background)
        self.generator = keras.random.SeedGenerator(0, name="jitter_seed")
        self.dropouts = dropouts(network)
        self.built = True

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """Loss of each sample; when not training also the counts behind Dice."""
        image = ops.cast(batch["image"], "float32") * self.task.image_scale
        target = batch["target"]
        if training:
            draw = self.draw(batch["seed"], image.shape[0])
            if self.change is not None:
                image, target = self.changed(image, target, draw)
            for number, layer in enumerate(self.dropouts):
                layer.seed_generator.state.assign(
                    draw.seed + ops.convert_to_tensor(np.array([0, number]), draw.seed.dtype)
                )
            weight = ops.ones_like(target[..., :1], dtype="float32")
        else:
            weight = ops.cast(batch["weight"], "float32")
        if self.task.partial:
            known = target != UNANNOTATED
            target, weight = ops.where(known, target, 0), weight * ops.cast(known, "float32")
        if self.task.exclusive:
            target = ops.one_hot(target[..., 0], len(self.task.maps), dtype="float32")
        else:
            target = ops.cast(target, "float32") * self.task.target_scale
        outputs = self.network(image, training=training)
        outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        if self.task.whole:
            outputs, target, weight = [outputs[0][:, None]], target[:, None], weight[:, None]
        annotated = batch.get("annotated") if self.task.exclusive else None
        if training:
            return self._deep_loss(outputs, target, weight, annotated)
        return {
            "loss": self._loss(outputs[0], target, weight, annotated),
            "counts": self._counts(outputs[0], target, weight, annotated),
        }

    def draw(self, seed: Any, samples: int) -> Draw:
        """The random numbers of a batch."""
        return Draw(self.generator, seed, samples)

    def changed(self, image: Any, target: Any, draw: Draw) -> tuple[Any, Any]:
        """Image and target after the random changes."""
        assert self.change is not None
        return jitter(self.change, image, target, draw)

    def _loss(self, logits: Any, target: Any, weight: Any, annotated: Any) -> Any:
        """Loss of each sample over its annotated pixels and classes."""
        if self.task.partial:
            logits = hidden(logits, weight)
        if annotated is not None:
            logits, weight = joined(logits, annotated), weight * over_pixels(annotated, logits)
        return self.loss_function(logits, target, weight)

    def _deep_loss(self, outputs: list[Any], target: Any, weight: Any, annotated: Any) -> Any:
        """Weighted mean over the heads; each counts half as much as the next finer one.

        References
        ----------
        Isensee et al. 2021, nnU-Net, doi:10.1038/s41592-020-01008-z, methods: "weights
        halve with every decrease in resolution" and sum to 1.
        """
        shares = [0.5**level for level in range(len(outputs))]
        total: Any = 0.0
        for level, (share, logits) in enumerate(zip(shares, outputs, strict=True)):
            pick = slice((2**level) // 2, None, 2**level)
            place = (slice(None), *(pick,) * len(spatial_axes(target)))
            value = self._loss(logits, target[place], weight[place], annotated)
            total = total + value * (share / sum(shares))
        return total

    def _counts(self, logits: Any, target: Any, weight: Any, annotated: Any) -> Any:
        """Weighted pixels in both, in the prediction, in the truth: (batch, map, 3).

        Where a class was not annotated, neither it nor the background is counted.
        """
        if annotated is not None:
            annotated = ops.cast(annotated, "float32")
            every = ops.min(annotated, axis=-1, keepdims=True)
            certain = ops.concatenate([every, annotated[:, 1:]], axis=-1)
            weight = weight * over_pixels(certain, logits)
        if self.task.exclusive:
            guess = ops.one_hot(ops.argmax(logits, axis=-1), len(self.task.maps), dtype="float32")
        else:
            guess = ops.cast(logits > 0, "float32")
        truth = ops.cast(target > 0.5, "float32")
        sets = (guess * truth, guess, truth)
        axes = spatial_axes(truth)
        return ops.stack([ops.sum(s * weight, axis=axes) for s in sets], axis=-1)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Mean over the samples of a batch."""
        return ops.mean(y_pred)


def dropouts(network: keras.Model) -> list[keras.layers.Dropout]:
    """All Dropout layers, also those inside a backbone, in the order of the layers."""
    found: list[keras.layers.Dropout] = []
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found += dropouts(layer)
        elif isinstance(layer, keras.layers.Dropout):
            found.append(layer)
    return found
