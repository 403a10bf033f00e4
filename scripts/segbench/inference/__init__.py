"""Trained networks on new images. Importing this package does not import Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from segbench.inference.request import best_row
from segbench.inference.summary import conclude

__all__ = ["apply_model", "conclude"]


def apply_model(
    manifest: str | Path,
    networks: Sequence[str | Path],
    table: str | Path | None,
    settings: Mapping[str, Any],
    code: str,
    outputs: Mapping[str, str | Path],
    say: Callable[[str], None],
    terminal: IO[str] | None = None,
) -> int:
    """Segment a folder of new images with the networks of one arm, averaged.

    Parameters
    ----------
    manifest : path
        The images, see `segbench.inference.images.write_manifest`.
    networks : sequence of path
        `.keras` files, in the order of the arms and folds in `settings`.
    table : path or None
        The study's table, where its best arm is asked for; all seeds of it are averaged.
    settings : mapping
        See `segbench.inference.request.Request.settings`.
    code : str
        Digest of the code, for the store.
    outputs : mapping of str to path
        ``applied`` (applied.json, whose folder gets ``masks/`` and ``overlays/``, too),
        ``objects`` (Parquet), ``turtle`` and ``jsonld``.
    say : callable
        Takes lines for the log, one per image.
    terminal : file, optional
        Gets a bar if it is a terminal.

    Returns
    -------
    int
        Number of images that were computed; results of the others are taken from the store.

    Raises
    ------
    SegbenchError
        The networks do not fit their recipes, or the folder holds another model's results.
        An image that cannot be segmented stops no other: it is listed in applied.json.
    """
    from segbench.config.model import Model
    from segbench.config.preprocessing import Preprocessing
    from segbench.inference.segmenting import Labels
    from segbench.inference.stage import ArmModel, run
    from segbench.provenance.store import Store
    from segbench.store_location import store_location

    arms, files = list(settings["arms"]), iter(networks)
    with_files = [(arm, [(Path(next(files)), fold) for fold in arm["folds"]]) for arm in arms]
    if table is not None:
        best = best_row(Path(table), settings["study"])
        with_files = [
            (arm, paths)
            for arm, paths in with_files
            if all(arm["names"][kind] == name for kind, name in best.items())
        ]
    names = dict(with_files[0][0]["names"])
    names["seed"] = " ".join(str(arm["names"]["seed"]) for arm, _ in with_files)
    chosen = ArmModel(
        names,
        [path for _, paths in with_files for path in paths],
        Preprocessing.model_validate(with_files[0][0]["preprocessing"]),
        Model.model_validate(with_files[0][0]["recipe"]),
    )
    say(f"applying {'/'.join(map(str, names.values()))}: {len(chosen.networks)} networks")
    paths = {key: Path(path) for key, path in outputs.items()}
    return run(
        chosen, Labels.of(settings["labels"]), settings, code, Path(manifest),
        paths["applied"].parent, paths, Store(store_location()),
        say, terminal,
    )  # fmt: skip
