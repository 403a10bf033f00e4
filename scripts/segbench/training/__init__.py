"""Training. Importing this package does not import Keras; `train` and `load_model` do."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.training.selection import selection_digest

if TYPE_CHECKING:
    import keras

    from segbench.config.augmentation import Jitter
    from segbench.config.model import Model

# TensorFlow prints its start-up notes before anyone can ask it not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__all__ = ["load_model", "selection_digest", "train"]


def train(
    archives: Sequence[str | Path],
    folds: str | Path,
    fold: int,
    recipe: Model,
    jitter: Jitter | None,
    seed: int,
    state: str | Path,
    model: str | Path,
    history: str | Path,
    log: Callable[[str], None],
    memory_bytes: int | None = None,
    devices: int = 0,
) -> None:
    """Train one network on one fold; go on where an interrupted call stopped.

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
    state : path
        Folder for what an interrupted training needs. The caller removes it after success.
    model, history : path
        What is written: the `.keras` file of the chosen epoch, and every epoch's figures.
    log : callable
        Called with one line an epoch.
    memory_bytes : int, optional
        Samples that take more are read window by window; None: 4 GiB.
    devices : int, optional
        GPUs that share each batch, as the job asked for; 0: nobody asked, one device. The
        batch, the learning rate and the random numbers are the recipe's in any case.

    Raises
    ------
    SegbenchError
        If the archives or the folds do not fit the recipe, if the devices cannot share the
        batch or are not there, if the loss stops being a number, or if memory runs out.

    Notes
    -----
    With `recipe.training.deterministic` equal arguments give equal bytes on one machine
    with one number of threads and devices, whether the call was interrupted or not. Other
    devices, or more of them, change the last bits; a training goes on with what it finds.
    """
    from segbench.training.choice import check_devices

    check_devices(recipe.training.batch, devices)

    from segbench.training.loop import run
    from segbench.training.samples import MEMORY_BYTES

    run(
        archives,
        folds,
        fold,
        recipe,
        jitter,
        seed=seed,
        state_folder=state,
        model=model,
        history=history,
        log=log,
        memory_bytes=MEMORY_BYTES if memory_bytes is None else memory_bytes,
        devices=devices,
    )


def load_model(path: str | Path, precision: str = "auto") -> keras.Model:
    """Load a trained network for prediction, in Keras's safe mode, nothing compiled.

    Parameters
    ----------
    path : path
        A `.keras` file that `train` wrote.
    precision : str, optional
        ``auto`` (what this machine's hardware is fast in), ``float32``, ``bfloat16`` or
        ``float16``. The file itself is always float32.

    Returns
    -------
    keras.Model
        (batch, ..., channel) float32 to float32 logits (batch, ..., map), of a classifier
        (batch, class).

    Raises
    ------
    SegbenchError
        If the file cannot be read.
    """
    from segbench.models.model_file import read_model
    from segbench.models.session import policy_here

    return read_model(path, policy_here(precision))
