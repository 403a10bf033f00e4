"""The training loop: epochs, validation, the best epoch, the state on disk."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from segbench.artefacts.folds import read_fold
from segbench.augmentation.jitter import check_volumes
from segbench.config.augmentation import Jitter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.models import session
from segbench.models.applications import find_backbone
from segbench.models.keras_network import build_network
from segbench.models.model_file import write_model
from segbench.training import choice, selection, state
from segbench.training.data import FoldData
from segbench.training.optimizers import make_optimizer
from segbench.training.prefetch import ahead
from segbench.training.replicas import Replicas, replicas_on
from segbench.training.samples import MEMORY_BYTES
from segbench.training.schedules import learning_rate
from segbench.training.step import dropouts
from segbench.training.validation import validate

Log = Callable[[str], None]


def run(
    archives: Sequence[str | Path],
    folds: str | Path,
    fold: int,
    recipe: Model,
    jitter: Jitter | None,
    *,
    seed: int,
    state_folder: str | Path,
    model: str | Path,
    history: str | Path,
    log: Log,
    memory_bytes: int = MEMORY_BYTES,
    devices: int = 0,
) -> None:
    """Train; see `segbench.training.train`."""
    options = recipe.training
    here = session.prepare(options.precision, options.deterministic, seed, devices, log)
    content = selection.selection_digest(archives, folds, fold, options)
    key = _fingerprint(content, recipe, jitter, seed, here)
    data = FoldData(archives, read_fold(folds, fold), recipe, seed, memory_bytes)
    if jitter is not None and data.task.dimensions == 3:
        check_volumes(jitter)  # now: out of the step Keras would let an error of its own
    saved = state.load(state_folder, key, log) or state.State(key)
    replicas = replicas_on(here.devices)
    with replicas.scope():
        trainer = _Trainer(data, recipe, jitter, here, saved, replicas)
        log(
            f"{data.describe()}, {trainer.network.count_params()} weights, "
            f"{here.policy} on {here.device}"
        )
        trainer.resume(log)
        with _advice(recipe):
            trainer.fit(state_folder, log)
    task = data.task
    final = build_network(recipe.network, task.channels, len(task.maps), dimensions=task.dimensions)
    trainer.hand_over(final)
    write_model(final, model)
    choice.write_history(history, saved.history, saved.best_epoch, task.figure)


def _fingerprint(
    content: str, recipe: Model, jitter: Jitter | None, seed: int, here: session.Session
) -> str:
    """What a saved state must agree with to be gone on from."""
    parts = [
        content,
        recipe.network.model_dump(mode="json"),
        recipe.training.model_dump(mode="json"),
        recipe.loss.model_dump(mode="json"),
        [recipe.target, recipe.boundary_px],
        jitter.model_dump(mode="json") if jitter else None,
        [seed, here.policy, keras.backend.backend(), keras.__version__],
    ]
    return sha256_of_bytes(json.dumps(parts, sort_keys=True).encode())


class _Trainer:
    """Network, optimizer and state of one training.

    A backbone is frozen by `trainable = False`, which also keeps its batch normalisation at
    the moving averages. Thawing begins with a new optimizer over all weights, so that what
    an optimizer remembers is always of the weights that it moves, and a training that is
    resumed in either phase finds the same variables.

    Parameters
    ----------
    data : FoldData
        What to train on.
    recipe : Model
        How.
    jitter : Jitter or None
        Random changes.
    here : Session
        Number format and device.
    saved : State
        Where it stands.
    replicas : Replicas
        The devices that share the batches; this is made and used in its scope.
    """

    def __init__(
        self,
        data: FoldData,
        recipe: Model,
        jitter: Jitter | None,
        here: session.Session,
        saved: state.State,
        replicas: Replicas,
    ) -> None:
        self.here, self.data, self.training, self.state = here, data, recipe.training, saved
        task = data.task
        network = build_network(
            recipe.network,
            task.channels,
            len(task.maps),
            here.policy,
            task.dimensions,
            pretrained=saved.epoch == 0,
            supervised=True,
        )
        self.network = replicas.spread(network)
        self.backbone = find_backbone(self.network)
        self.drops = [] if self.backbone is None else dropouts(self.backbone)
        self.rates = [layer.rate for layer in self.drops]
        self.backbone_recipe = recipe.network.encoder
        self.step = replicas.make_step(self.network, task, recipe.loss, jitter, data.factors)
        self._compile(self._is_frozen(max(saved.epoch, 1)))

    def _is_frozen(self, epoch: int) -> bool:
        """Whether the backbone's weights stay as they are in an epoch."""
        return self.backbone_recipe is not None and epoch <= self.backbone_recipe.frozen_epochs

    def _compile(self, frozen: bool) -> None:
        """Make a new optimizer for the weights that may change, and the step for it."""
        self.frozen = frozen
        if self.backbone is not None:
            self.backbone.trainable = not frozen
            for layer, rate in zip(self.drops, self.rates, strict=True):
                layer.rate = 0.0 if frozen else rate
        self.optimizer = make_optimizer(self.training.optimizer, self.here.policy)
        self.optimizer.build(self.network.trainable_variables)
        # XLA pays on JAX, which has nothing else; TensorFlow's CPU kernels beat it.
        jit = keras.backend.backend() == "jax"
        self.step.compile(optimizer=self.optimizer, jit_compile=jit)

    def resume(self, log: Log) -> None:
        """Take up the saved state, if there is one."""
        if not self.state.epoch:
            return
        self.network.set_weights(self.state.weights)
        for variable, value in zip(self.optimizer.variables, self.state.optimizer, strict=True):
            variable.assign(value)
        log(f"going on after epoch {self.state.epoch}")
        begun, now = self.state.device, self.here.device
        if begun != now:
            log(f"begun on {begun}, now on {now}: the last bits may differ")

    def fit(self, folder: str | Path, log: Log) -> None:
        """Train until the last epoch or until it no longer gets better."""
        state_ = self.state
        for epoch in range(state_.epoch + 1, self.training.epochs + 1):
            if state_.history and choice.should_stop(state_.history, self.training):
                log(f"stopped after epoch {state_.epoch}: no better for a while")
                break
            if self.frozen != self._is_frozen(epoch):
                log(f"the backbone is thawed from epoch {epoch} on")
                self._compile(self._is_frozen(epoch))
            began = time.perf_counter()
            row = self._train_epoch(epoch)
            trained = time.perf_counter() - began
            if self.data.tiles is not None:
                row |= validate(self.step, self.data.tiles, self.data.task)
            self._keep(row)
            state.save(folder, state_, log)
            log(_line(row, self.training.epochs, time.perf_counter() - began, self.rate / trained))

    @property
    def rate(self) -> int:
        """Images an epoch."""
        return self.data.feed.steps * self.data.feed.batch

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        options = self.training
        rate = learning_rate(
            options.schedule, options.optimizer.learning_rate, epoch, options.epochs
        )
        backbone = self.backbone_recipe
        if backbone is not None and 0 < backbone.frozen_epochs < epoch:
            rate *= backbone.thaw_factor
        self.optimizer.learning_rate = rate
        losses = [self.step.train_on_batch(batch) for batch in ahead(self.data.feed.epoch(epoch))]
        loss = float(np.mean(np.asarray(losses, np.float64)))
        if not math.isfinite(loss):
            raise SegbenchError(
                f"epoch {epoch}: the loss is {loss}",
                "a finite number",
                "lower training.optimizer.learning_rate, set its clip_norm, or set "
                "training.precision to float32",
            )
        return {"epoch": epoch, "learning_rate": rate, "loss": loss}

    def _keep(self, row: dict[str, float]) -> None:
        """Enter an epoch into the state."""
        kept = self.state
        kept.epoch, kept.device = int(row["epoch"]), self.here.device
        kept.history.append(row)
        kept.weights = self.network.get_weights()
        kept.optimizer = [v.numpy() for v in self.optimizer.variables]
        kept.best_epoch = choice.best_epoch(kept.history, self.training.best_epoch)
        if kept.best_epoch == kept.epoch:
            kept.best = [np.array(weight) for weight in kept.weights]  # not a view of the network

    def hand_over(self, final: keras.Model) -> None:
        """Give the best weights to a network with the finest head only."""
        self.network.set_weights(self.state.best)
        for layer in final.layers:
            layer.set_weights(self.network.get_layer(layer.name).get_weights())


def _line(row: dict[str, float], epochs: int, seconds: float, rate: float) -> str:
    """One line of progress."""
    watched = "".join(f", {name} {row[name]:.4f}" for name in row if name.startswith("val_"))
    return (
        f"epoch {int(row['epoch'])}/{epochs}: loss {row['loss']:.4f}{watched}, "
        f"{seconds:.1f} s, {rate:.1f} images/s"
    )


class _advice:  # noqa: N801 - reads as a phrase: with _advice(recipe)
    """Turn running out of memory into an error that says what to do."""

    def __init__(self, recipe: Model) -> None:
        self.recipe = recipe

    def __enter__(self) -> None:
        """Nothing to set up."""

    def __exit__(self, kind: type | None, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, SegbenchError):
            return
        text = f"{type(error).__name__} {error}"
        if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text or "Exhausted" in text:
            raise SegbenchError(
                f"out of memory with batches of {self.recipe.training.batch}",
                "a batch that fits",
                "halve training.batch or training.patch, or ask for more memory",
            ) from error
