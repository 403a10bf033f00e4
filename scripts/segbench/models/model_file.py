"""`.keras` files: byte-deterministic writing, safe reading."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras

from segbench.errors import SegbenchError
from segbench.files import ZIP_TIME, atomic_path, zip_entry
from segbench.models.colours import ColourTransform
from segbench.models.layers import HEAD
from segbench.models.normalisation import GroupNorm

#: Layers of segbench's own; importing them registers them.
OWN_LAYERS = (GroupNorm, ColourTransform)

#: Written in place of Keras's time stamp.
NO_DATE = "{:04d}-{:02d}-{:02d}@{:02d}:{:02d}:{:02d}".format(*ZIP_TIME)


def write_model(model: keras.Model, path: str | Path) -> None:
    """Save a network (not compiled, all layers named) so that equal networks are equal bytes."""
    with atomic_path(path) as beside:
        stamped = beside.with_name(beside.stem + ".stamped.keras")
        try:
            model.save(stamped)
            with zipfile.ZipFile(stamped) as source, zipfile.ZipFile(beside, "w") as result:
                for name in sorted(source.namelist()):
                    data = source.read(name)
                    if name == "metadata.json":
                        metadata = json.loads(data)
                        metadata["date_saved"] = NO_DATE
                        data = json.dumps(metadata, sort_keys=True).encode()
                    result.writestr(zip_entry(name), data)
        finally:
            stamped.unlink(missing_ok=True)


def read_model(path: str | Path, policy: str = "float32") -> keras.Model:
    """Load a network in safe mode; all layers but the head compute in `policy`.

    Raises
    ------
    SegbenchError
        If the file is missing, damaged or not a network of segbench.
    """
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise SegbenchError(
            f"{path}: not a readable network ({str(error).splitlines()[0]})",
            "a .keras file that segbench's training wrote",
            "delete it and run the same command again",
        ) from error
    return model if policy == "float32" else with_policy(model, policy)


def with_policy(model: keras.Model, policy: str) -> keras.Model:
    """The same network and weights, computing in another dtype; the head stays float32."""

    def remake(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.Layer) and not isinstance(layer, keras.layers.InputLayer):
            config["dtype"] = "float32" if layer.name.startswith(HEAD) else policy
        return type(layer).from_config(config)

    result = keras.models.clone_model(model, clone_function=remake, recursive=True)
    result.set_weights(model.get_weights())
    return result
