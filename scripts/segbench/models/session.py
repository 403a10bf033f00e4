"""Setting up Keras's backend: precision, threads, memory, determinism, devices."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import keras

from segbench.errors import SegbenchError
from segbench.models.precision import choose_policy, cpu_flags

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """What a training or a prediction runs on.

    Attributes
    ----------
    policy : str
        Keras dtype policy.
    device : str
        Description for the log.
    devices : tuple of str
        The backend's names of the devices that share each batch; empty: its default one.
    """

    policy: str
    device: str
    devices: tuple[str, ...] = ()


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


def choose_devices(asked: int) -> tuple[str, ...]:
    """The backend's names of the devices that share each batch; empty: its default device.

    `asked` is how many GPUs the job asked for, 0 if nobody asked. Where there is no GPU but a CPU
    that was divided into `asked` devices, as tests do, it is these.

    Raises
    ------
    SegbenchError
        If there are GPUs, but fewer.
    """
    if asked < 1:
        return ()
    if find_gpu() is None:
        parts = _devices("CPU") if asked > 1 else ()
        if len(parts) >= asked:
            return parts[:asked]
        backend = {"tensorflow": "TensorFlow", "jax": "JAX"}.get(keras.backend.backend(), "Keras")
        some = f"{asked} GPUs" if asked > 1 else "1 GPU"
        log.warning(f"asked for {some}, {backend} sees none: training on the CPU")
        return ()
    seen = _devices("GPU")
    if len(seen) < asked:
        raise SegbenchError(
            f"gpu: {asked}, but only {len(seen)} can be used here",
            "as many GPUs as the job asked for",
            "ask for fewer with `gpu:`, or look at CUDA_VISIBLE_DEVICES and the driver",
        )
    return seen[:asked] if asked > 1 else ()


def _devices(kind: str) -> tuple[str, ...]:
    """The backend's names of the devices of a kind."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tuple(device.name for device in tf.config.list_logical_devices(kind))
    if keras.backend.backend() == "jax":
        return tuple(keras.distribution.list_devices(kind.lower()))
    return ()


def prepare(precision: str, deterministic: bool, seed: int, asked: int = 0) -> Session:
    """Set up the backend of this process; `seed` is that of the weights' initial values.

    With `deterministic` operations give equal bits in each run; `asked` is as in `choose_devices`.
    """
    if keras.backend.backend() == "tensorflow":
        _prepare_tensorflow(deterministic, asked)
    keras.utils.set_random_seed(seed % 2**32)
    gpu = find_gpu()
    policy = policy_here(precision)
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    devices = choose_devices(asked)
    several = f"{len(devices)} x " if devices else ""
    name = gpu[0] if gpu else f"CPU, {threads} threads"
    return Session(policy, f"{several}{name}", devices)


def _prepare_tensorflow(deterministic: bool, asked: int) -> None:
    import tensorflow as tf

    threads = os.environ.get("OMP_NUM_THREADS", "")
    gpus = tf.config.list_physical_devices("GPU")
    try:  # refused once TensorFlow has run anything, which is so in tests only
        if threads.isdigit():
            tf.config.threading.set_intra_op_parallelism_threads(int(threads))
        if asked > 1:  # one that starts the operations of each device
            tf.config.threading.set_inter_op_parallelism_threads(asked)
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
