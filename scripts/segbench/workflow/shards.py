"""The shards of a dataset at each stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from string import Formatter

from segbench.config.loader import Config
from segbench.workflow.paths import AMPLIFIED_SHARD, PREPARED_SHARD

#: An input function of a rule: wildcards -> paths.
Lister = Callable[[Mapping[str, str]], list[str]]


def names_in(pattern: str) -> list[str]:
    """The wildcards of a pattern, each once, sorted.

    Examples
    --------
    >>> names_in("results/{dataset}/shard-{shard}.tsv")
    ['dataset', 'shard']
    """
    return sorted({name for _, name, _, _ in Formatter().parse(pattern) if name})


def shard_lister(config: Config, pattern: str) -> Lister:
    """A function that lists all shards of a stage; jobs that share a list get the same object.

    Parameters
    ----------
    config : Config
        Says how many shards a dataset has.
    pattern : str
        Path of a shard, with ``{dataset}``, ``{shard}`` and perhaps other wildcards.
    """
    names = [name for name in names_in(pattern) if name != "shard"]

    @cache
    def of(*values: str) -> list[str]:
        known = dict(zip(names, values, strict=True))
        shards = range(config.datasets[known["dataset"]].shards)
        return [pattern.format(**known, shard=shard) for shard in shards]

    return lambda wildcards: of(*[wildcards[name] for name in names])


def training_shard_lister(config: Config) -> Lister:
    """As `shard_lister`: what is trained on, which is amplified where the recipe says so."""
    plain, amplified = (
        shard_lister(config, pattern) for pattern in (PREPARED_SHARD, AMPLIFIED_SHARD)
    )

    def of(wildcards: Mapping[str, str]) -> list[str]:
        recipe = config.augmentation[wildcards["augmentation"]]
        return (plain if recipe.amplification is None else amplified)(wildcards)

    return of


def manifests(config: Config, pattern: str) -> list[str]:
    """The manifests of the raw files of all datasets, sorted."""
    return sorted(
        pattern.format(dataset=name, shard=shard)
        for name, dataset in config.datasets.items()
        for shard in range(dataset.shards)
    )
