"""The training loop: epochs, validation, the best epoch, the state on disk."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from segbench.artefacts.folds import read_fold
from segbench.augmentation.jitter import check_volumes
from segbench.config.augmentation import Jitter
from segbench.config.model import MEMORY_BYTES, Model
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.models import session
from segbench.models.applications import find_backbone
from segbench.models.keras_network import build_network
from segbench.models.model_file import write_model
from segbench.models.optimizers import make_optimizer
from segbench.models.schedules import learning_rate
from segbench.training import choice, state
from segbench.training.data import FoldData
from segbench.training.prefetch import ahead
from segbench.training.replicas import Replicas, replicas_on
from segbench.training.step import dropouts
from segbench.training.validation import validate

log = logging.getLogger(__name__)

#: Parts of a model recipe that a training reads.
READ = {"network", "training", "loss", "target", "boundary_px"}


def train(
    archives: Sequence[str | Path],
    folds: str | Path,
    fold: int,
    recipe: Model,
    jitter: Jitter | None,
    seed: int,
    state_folder: str | Path,
    model: str | Path,
    history: str | Path,
    memory_bytes: int = MEMORY_BYTES,
    devices: int = 0,
) -> None:
    """Train one network on one fold; resume where an interrupted call stopped.

    Parameters
    ----------
    archives : sequence of path
        All shards of the preprocessed or amplified samples.
    folds : path
        folds.tsv: the role of each source sample in each fold.
    fold : int
        Which fold.
    recipe : Model
        Network, target, loss, training.
    jitter : Jitter or None
        Random changes inside the training step.
    seed : int
        Of all randomness, together with epoch and step.
    state_folder : path
        Folder for what an interrupted training needs. The caller removes it after success.
    model, history : path
        What is written: the `.keras` file of the chosen epoch, and every epoch's figures.
    memory_bytes : int, optional
        Samples that take more are read window by window.
    devices : int, optional
        GPUs that share each batch, as the job asked for; 0: nobody asked, one device. The
        batch, the learning rate and the random numbers are the recipe's in any case.

    Raises
    ------
    SegbenchError
        If the archives or the folds do not fit the recipe, if the devices cannot share the
        batch or do not exist, if the loss is not finite, or if memory runs out.

    Notes
    -----
    With `recipe.training.deterministic` equal arguments give equal bytes on one machine
    with one number of threads and devices, whether the call was interrupted or not. Other
    devices, or more of them, change the last bits; a training resumes on what it finds.
    """
    options = recipe.training
    choice.check_devices(options.batch, devices)
    here = session.prepare(options.precision, options.deterministic, seed, devices)
    data = FoldData(archives, read_fold(folds, fold), recipe, seed, memory_bytes)
    if jitter is not None and data.task.dimensions == 3:
        check_volumes(jitter)  # now: out of the step Keras would let an error of its own
    key = _fingerprint(data.digest(), recipe, jitter, seed, here)
    saved = state.load(state_folder, key) or state.State(key)
    replicas = replicas_on(here.devices)
    with replicas.scope():
        trainer = _Trainer(data, recipe, jitter, here, saved, replicas)
        log.info(
            f"{data.describe()}, {trainer.network.count_params()} weights, "
            f"{here.policy} on {here.device}"
        )
        trainer.resume()
        with _explaining_lack_of_memory(recipe):
            trainer.fit(state_folder)
    task = data.task
    final = build_network(recipe.network, task.channels, len(task.maps), dimensions=task.dimensions)
    trainer.hand_over(final)
    write_model(final, model)
    choice.write_history(history, saved.history, saved.best_epoch, task.figure)


def _fingerprint(
    content: str, recipe: Model, jitter: Jitter | None, seed: int, here: session.Session
) -> str:
    """Fingerprint that a checkpoint must match to be resumed."""
    parts = [
        content,
        recipe.model_dump(mode="json", include=READ),
        jitter.model_dump(mode="json") if jitter else None,
        [seed, here.policy, keras.backend.backend(), keras.__version__],
    ]
    return sha256_of_bytes(json.dumps(parts, sort_keys=True).encode())


class _Trainer:
    """Network, optimizer and state of one training; made and used in the scope of `replicas`.

    A backbone is frozen by `trainable = False`, which also keeps its batch normalisation at
    the moving averages. Thawing starts a new optimizer over all weights, so that an optimizer's
    slots always belong to the weights that it updates, and a training that is resumed in either
    phase finds the same variables.
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
        self.encoder = recipe.network.encoder
        self.step = replicas.make_step(self.network, task, recipe.loss, jitter, data.factors)
        self._compile(self._is_frozen(max(saved.epoch, 1)))

    def _is_frozen(self, epoch: int) -> bool:
        """Whether the backbone's weights stay as they are in an epoch."""
        return self.encoder is not None and epoch <= self.encoder.frozen_epochs

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

    def resume(self) -> None:
        """Restore the checkpoint, if there is one."""
        if not self.state.epoch:
            return
        self.network.set_weights(self.state.weights)
        for variable, value in zip(self.optimizer.variables, self.state.optimizer, strict=True):
            variable.assign(value)
        log.info(f"resuming after epoch {self.state.epoch}")
        before, now = self.state.device, self.here.device
        if before != now:
            log.info(f"started on {before}, now on {now}: the last bits may differ")

    def fit(self, folder: str | Path) -> None:
        """Train until the last epoch or until it no longer gets better."""
        state_ = self.state
        for epoch in range(state_.epoch + 1, self.training.epochs + 1):
            if state_.history and choice.should_stop(state_.history, self.training):
                log.info(f"early stopping after epoch {state_.epoch}")
                break
            if self.frozen != self._is_frozen(epoch):
                log.info(f"training the backbone from epoch {epoch} on")
                self._compile(self._is_frozen(epoch))
            began = time.perf_counter()
            row = self._train_epoch(epoch)
            trained = time.perf_counter() - began
            if self.data.tiles is not None:
                row |= validate(self.step, self.data.tiles, self.data.task)
            self._keep(row)
            state.save(folder, state_)
            seconds, rate = time.perf_counter() - began, self.images / trained
            log.info(_line(row, self.training.epochs, seconds, rate))

    @property
    def images(self) -> int:
        """Images per epoch."""
        return self.data.feed.steps * self.data.feed.batch

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        options = self.training
        rate = learning_rate(
            options.schedule, options.optimizer.learning_rate, epoch, options.epochs
        )
        backbone = self.encoder
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
        """Add an epoch to the state."""
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


@contextmanager
def _explaining_lack_of_memory(recipe: Model) -> Iterator[None]:
    """Turn running out of memory into an error that says what to do."""
    try:
        yield
    except SegbenchError:
        raise
    except Exception as error:
        text = f"{type(error).__name__} {error}"
        if not isinstance(error, MemoryError) and "exhausted" not in text.lower():
            raise
        raise SegbenchError(
            f"out of memory with batches of {recipe.training.batch}",
            "a batch that fits",
            "halve training.batch or training.patch, or ask for more memory",
        ) from error
