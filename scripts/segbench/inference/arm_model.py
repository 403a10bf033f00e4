"""The trained networks of one arm, with the recipes they were trained with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from segbench.arms import Recipes
from segbench.config.model import Model
from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.statistics.records import read_records


@dataclass(frozen=True)
class ArmModel:
    """The networks to apply and their recipes.

    Attributes
    ----------
    names : dict
        The arm's recipes and seeds.
    networks : list of dict
        ``path``, ``sha256`` and ``fold`` of each, seed after seed.
    preprocessing, recipe
        What the networks were trained with.
    """

    names: dict[str, Any]
    networks: list[dict[str, Any]]
    preprocessing: Preprocessing
    recipe: Model

    @classmethod
    def choose(
        cls,
        settings: Mapping[str, Any],
        networks: Sequence[str | Path],
        table: str | Path | None = None,
    ) -> Self:
        """The arm to apply: the only one asked for, else the best of a study.

        Parameters
        ----------
        settings : mapping
            See `segbench.inference.request.Request.settings`.
        networks : sequence of path
            `.keras` files, in the order of the arms and folds in `settings`.
        table : path, optional
            The study's table, which chooses the best arm; all its seeds are taken.
        """
        best = {} if table is None else best_row(Path(table), settings["study"])
        files, arms, chosen = iter(networks), [], []
        for arm in settings["arms"]:
            of_arm = [(next(files), fold) for fold in arm["folds"]]
            if all(arm["names"][kind] == name for kind, name in best.items()):
                arms.append(arm)
                chosen += of_arm
        seeds = " ".join(str(arm["names"]["seed"]) for arm in arms)
        return cls(
            {**arms[0]["names"], "seed": seeds},
            [
                {"path": str(path), "sha256": sha256_of_file(path), "fold": fold}
                for path, fold in chosen
            ],
            Preprocessing.model_validate(arms[0]["preprocessing"]),
            Model.model_validate(arms[0]["recipe"]),
        )

    @property
    def digests(self) -> list[str]:
        """Sorted digests of the networks."""
        return sorted(network["sha256"] for network in self.networks)


def best_row(table: Path, study: str) -> dict[str, str]:
    """The recipes of the best arm in ``tables/STUDY.csv``; the first of equals.

    Raises
    ------
    SegbenchError
        The table is unreadable or ranks no arm.
    """
    ranked = [row for row in read_records(table, ("rank", *Recipes._fields)) if row["rank"]]
    if not ranked:
        raise SegbenchError(
            f"{table}: the table of study {study} ranks no arm",
            "rows with kind `ours` and a rank",
            "delete it and run the same command again, or name an arm instead of `best`",
        )
    best = min(ranked, key=lambda row: float(row["rank"]))
    return {kind: best[kind] for kind in Recipes._fields}
