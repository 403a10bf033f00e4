"""The machine that a training runs on: precision, threads, memory, determinism."""

from __future__ import annotations

import os
from dataclasses import dataclass

import keras

from segbench.models.precision import choose_policy, cpu_flags


@dataclass(frozen=True)
class Session:
    """What a training needs to know of its machine.

    Attributes
    ----------
    policy : str
        Keras dtype policy.
    device : str
        In words, for the log.
    """

    policy: str
    device: str


def _tensorflow_gpu() -> tuple[str, tuple[int, int] | None] | None:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    return details.get("device_name", "GPU"), details.get("compute_capability")


def _jax_gpu() -> tuple[str, tuple[int, int] | None] | None:
    import jax

    device = jax.devices()[0]
    if device.platform != "gpu":
        return None
    major, _, minor = str(getattr(device, "compute_capability", "")).partition(".")
    return device.device_kind, (int(major), int(minor or 0)) if major else None


def find_gpu() -> tuple[str, tuple[int, int] | None] | None:
    """Name and compute capability of the first GPU that Keras's backend sees, or None."""
    finders = {"tensorflow": _tensorflow_gpu, "jax": _jax_gpu}
    return finders.get(keras.backend.backend(), lambda: None)()


def policy_here(precision: str) -> str:
    """The dtype policy for a recipe's precision on this machine."""
    gpu = find_gpu()
    return choose_policy(precision, gpu[1] if gpu else None, cpu_flags() if not gpu else ())


def prepare(precision: str, deterministic: bool, seed: int) -> Session:
    """Set up the backend of this process.

    Parameters
    ----------
    precision : str
        As in the recipe.
    deterministic : bool
        Ask for operations that give equal bits in each run.
    seed : int
        Of the weights' initial values.

    Returns
    -------
    Session
    """
    if keras.backend.backend() == "tensorflow":
        _prepare_tensorflow(deterministic)
    keras.utils.set_random_seed(seed % 2**32)
    gpu = find_gpu()
    policy = policy_here(precision)
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    return Session(policy, gpu[0] if gpu else f"CPU, {threads} threads")


def _prepare_tensorflow(deterministic: bool) -> None:
    import tensorflow as tf

    threads = os.environ.get("OMP_NUM_THREADS", "")
    gpus = tf.config.list_physical_devices("GPU")
    try:  # refused once TensorFlow has run anything, which is so in tests only
        if threads.isdigit():
            tf.config.threading.set_intra_op_parallelism_threads(int(threads))
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        pass
    if not gpus:
        # On a CPU TensorFlow's graph rewriting takes a quarter of the start-up time and
        # makes no step faster (measured on a U-Net of width 16 at 128 and 256 px).
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    if deterministic:
        tf.config.experimental.enable_op_determinism()
