"""The results folder: it holds the results of one model and no stale files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.files import remove, write_text

#: Records the files in the folder and the networks that wrote them.
NOTE = ".written.json"


class OutputDir:
    """The files of a results folder, of this run and of the one before; a mask may be a folder.

    Parameters
    ----------
    folder : Path
        The results folder.
    networks : sequence of str
        Sorted digests of the networks.
    model : str
        The requested model, for messages.

    Raises
    ------
    SegbenchError
        The folder holds the results of other networks.
    """

    def __init__(self, folder: Path, networks: Sequence[str], model: str) -> None:
        self._folder, self._networks, self._model = folder, list(networks), model
        self._now: set[str] = set()
        self._before: set[str] = set()
        try:
            note = json.loads((folder / NOTE).read_text("utf-8"))
            self._before = set(note["files"])
            other = note["networks"] != self._networks
            name = note["model"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        if other:
            same = " before it was retrained" if name == model else ""
            raise SegbenchError(
                f"{folder}: holds the results of model {name}{same}, not of {model}",
                "a folder for each model",
                f"add name=ANOTHER to --config, or remove {folder} if you no longer need it",
            )

    def plan(self, paths: Iterable[Path]) -> None:
        """Record files before they are written, so that a killed job leaves none unknown."""
        self._note(self._before | set(map(self._name, paths)))

    def add(self, paths: Iterable[Path]) -> None:
        """Add files that were written or restored."""
        self._now |= set(map(self._name, paths))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def finish(self) -> None:
        """Remove files of an earlier run that this one did not write: their image is gone."""
        for name in sorted(self._before - self._now):
            path = self._folder / name
            remove(path)
            for parent in path.parents:
                if parent == self._folder or not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
        self._note(self._now)

    def _note(self, files: Iterable[str]) -> None:
        note = {"model": self._model, "networks": self._networks, "files": sorted(files)}
        write_text(self._folder / NOTE, json.dumps(note, indent=1) + "\n")
