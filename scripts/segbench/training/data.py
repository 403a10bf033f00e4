"""The samples of one fold, and how they are fed. No Keras here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import Assignment
from segbench.config.model import MEMORY_BYTES, Model
from segbench.errors import SegbenchError
from segbench.models.class_weights import map_factors
from segbench.training import choice, samples, selection
from segbench.training.feeding import Feed, Tiles
from segbench.training.survey import Focus, survey
from segbench.training.task import make_task
from segbench.unannotated import UNANNOTATED


class FoldData:
    """The samples of a fold, and how they are fed.

    Parameters
    ----------
    archives : sequence of path
        The shards.
    roles : mapping of str to Assignment
        Role and group of each source sample.
    recipe : Model
        Target, patch, batch, sampling, share of the groups.
    seed : int
        Of the order and the crops.
    memory_bytes : int
        Samples that take more are read window by window.

    Attributes
    ----------
    task : Task
        What is learnt.
    window : tuple of int
        Sides of what enters the network.
    feed : Feed
        The training batches.
    tiles : Tiles or None
        The validation batches.
    factors : list of float or None
        Of the maps in the loss.
    """

    def __init__(
        self,
        archives: Sequence[str | Path],
        roles: Mapping[str, Assignment],
        recipe: Model,
        seed: int,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.archive = archive = ArchiveSet(archives)
        options = recipe.training
        self.training, self.validation = selection.select(archive, roles, options)
        choice.check_watchable(options, len(self.validation))
        both = [*self.training, *self.validation]
        partial = selection.is_partial(archive, both)
        self.task = make_task(archive, recipe, self.training[0], partial)
        self.in_memory = samples.fit_in_memory(archive, both, recipe, self.task, memory_bytes)
        chosen, watched = (
            samples.load(archive, ids, recipe, self.task, self.in_memory)
            for ids in (self.training, self.validation)
        )
        if partial:
            _check_annotated(chosen)
        self.window = samples.window_size([*chosen, *watched], recipe, self.task)
        steps = options.steps_per_epoch or math.ceil(len(chosen) / options.batch)
        self.factors, focus = self._look_through(chosen, recipe)
        self.feed = Feed(chosen, self.window, options.batch, steps, seed, focus)
        self.tiles = Tiles(watched, self.window, options.batch, partial) if watched else None

    def _look_through(
        self, chosen: Sequence[samples.Samples], recipe: Model
    ) -> tuple[list[float] | None, Focus | None]:
        """Factors of the maps and places to sample from, if the recipe needs them."""
        sampling, loss, task = recipe.training.sampling, recipe.loss, self.task
        found = None
        if sampling.by != "uniform" or loss.class_weights != "none":
            found = survey(chosen, task, sampling.by)
        shares = None if found is None else found.shares
        factors = map_factors(loss, task.maps, task.exclusive, shares)
        focused = found is not None and sampling.by != "uniform"
        return factors, Focus(sampling, found) if focused and found is not None else None

    def digest(self) -> str:
        """Digest of the samples, see `segbench.training.selection.digest_of`."""
        return selection.digest_of(self.archive, self.training, self.validation)

    def describe(self) -> str:
        """One line for the log."""
        words = [
            f"{len(self.training)} training and {len(self.validation)} validation samples",
            f"windows of {' x '.join(map(str, self.window))}",
            f"{self.feed.steps} steps per epoch",
        ]
        if not self.in_memory:
            words.append("read window by window")
        if self.factors is not None:
            pairs = zip(self.task.maps, self.factors, strict=True)
            words.append("factors " + ", ".join(f"{name} {value:.3g}" for name, value in pairs))
        return ", ".join(words)


def _check_annotated(chosen: Sequence[samples.Samples]) -> None:
    """Refuse training samples that say nothing: the loss would be 0 and no network the best."""
    if not any((sample.whole_target() != UNANNOTATED).any() for sample in chosen):
        raise SegbenchError(
            "no pixel of the training samples was annotated",
            "training samples with annotated pixels",
            "choose another protocol, or correct `ignore` in the dataset's config",
        )
