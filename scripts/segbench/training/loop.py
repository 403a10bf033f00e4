"""The training loop: epochs, validation, the best epoch, the state on disk."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from segbench.archives import ArchiveSet
from segbench.config.augmentation import Jitter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.models.unet import build_supervised, build_unet
from segbench.training import choice, samples, selection, session, state
from segbench.training.optimizers import make_optimizer
from segbench.training.prefetch import ahead
from segbench.training.schedules import learning_rate
from segbench.training.step import Step
from segbench.training.validation import validate
from segbench.training.weights_file import write_model

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
) -> None:
    """Train; see `segbench.training.train`."""
    here = session.prepare(recipe.training.precision, recipe.training.deterministic, seed)
    content = selection.selection_digest(archives, folds, fold)
    key = _fingerprint(content, recipe, jitter, seed, here)
    data = _Data(archives, selection.read_roles(folds, fold), recipe, seed)
    trainer = _Trainer(data, recipe, jitter, here)
    log(
        f"{len(data.training)} training and {data.validation} validation samples, windows of "
        f"{data.window[0]} x {data.window[1]}, {data.feed.steps} steps an epoch, "
        f"{trainer.network.count_params()} weights, {here.policy} on {here.device}"
    )
    trainer.resume(state_folder, key, log)
    with _advice(recipe):
        trainer.fit(state_folder, key, log)
    final = build_unet(recipe.network, data.task.channels, len(data.task.maps))
    trainer.hand_over(final)
    write_model(final, model)
    choice.write_history(history, trainer.state.history, trainer.state.best_epoch)


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


class _Data:
    """The samples of a fold, in memory, and how they are fed.

    Parameters
    ----------
    archives : sequence of path
        The shards.
    roles : dict
        Role of each source.
    recipe : Model
        Target, patch, batch.
    seed : int
        Of the order and the crops.
    """

    def __init__(
        self, archives: Sequence[str | Path], roles: dict[str, str], recipe: Model, seed: int
    ) -> None:
        archive = ArchiveSet(archives)
        self.training, validation = selection.select(archive, roles)
        choice.check_watchable(recipe.training, len(validation))
        self.validation = len(validation)
        self.task = samples.make_task(archive, recipe, self.training[0])
        chosen = samples.load(archive, self.training, recipe, self.task)
        watched = samples.load(archive, validation, recipe, self.task)
        self.window = samples.window_size([*chosen, *watched], recipe)
        batch = recipe.training.batch
        steps = recipe.training.steps_per_epoch or math.ceil(len(chosen) / batch)
        self.feed = samples.Feed(chosen, self.window, batch, steps, seed)
        self.tiles = samples.Tiles(watched, self.window, batch) if watched else None


class _Trainer:
    """Network, optimizer and state of one training.

    Parameters
    ----------
    data : _Data
        What to train on.
    recipe : Model
        How.
    jitter : Jitter or None
        Random changes.
    here : Session
        Number format and device.
    """

    def __init__(
        self, data: _Data, recipe: Model, jitter: Jitter | None, here: session.Session
    ) -> None:
        policy = here.policy
        self.device = here.device
        self.data, self.training = data, recipe.training
        self.network = build_supervised(
            recipe.network, data.task.channels, len(data.task.maps), policy
        )
        self.optimizer = make_optimizer(recipe.training.optimizer, policy)
        self.optimizer.build(self.network.trainable_variables)
        self.step = Step(self.network, data.task, recipe.loss, jitter)
        # XLA pays on JAX, which has nothing else; TensorFlow's CPU kernels beat it.
        jit = keras.backend.backend() == "jax"
        self.step.compile(optimizer=self.optimizer, jit_compile=jit)
        self.state = state.State("")

    def resume(self, folder: str | Path, key: str, log: Log) -> None:
        """Take up the saved state, if there is one of this very training."""
        self.state = state.load(folder, key, log) or state.State(key)
        if not self.state.epoch:
            return
        self.network.set_weights(self.state.weights)
        for variable, value in zip(self.optimizer.variables, self.state.optimizer, strict=True):
            variable.assign(value)
        log(f"going on after epoch {self.state.epoch}")
        if self.state.device != self.device:
            log(f"begun on {self.state.device}, now on {self.device}: the last bits may differ")

    def fit(self, folder: str | Path, key: str, log: Log) -> None:
        """Train until the last epoch or until it no longer gets better."""
        state_ = self.state
        for epoch in range(state_.epoch + 1, self.training.epochs + 1):
            if state_.history and choice.should_stop(state_.history, self.training):
                log(f"stopped after epoch {state_.epoch}: no better for a while")
                break
            began = time.perf_counter()
            row = self._train_epoch(epoch)
            trained = time.perf_counter() - began
            if self.data.tiles is not None:
                row |= validate(
                    self.step, self.data.tiles, self.data.validation, self.data.task.scored
                )
            self._keep(row)
            state.save(folder, state_)
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
        kept.epoch, kept.device = int(row["epoch"]), self.device
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
    watched = (
        f", val_loss {row['val_loss']:.4f}, val_dice {row['val_dice']:.4f}"
        if "val_loss" in row
        else ""
    )
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
