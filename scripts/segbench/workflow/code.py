"""Digests of the code of the rules' scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from segbench.config.loader import Config
from segbench.datasets.formats import FORMATS
from segbench.decoders import registry
from segbench.provenance.code import code_digest


class Code:
    """Digests of scripts, and of what these reach in the library.

    Parameters
    ----------
    config : Config
        Says the format of each dataset and the network of each model: both are modules that jobs
        find by name.
    scripts : Path
        The folder that holds the scripts, each named as its rule, and the library.
    """

    def __init__(self, config: Config, scripts: Path) -> None:
        self._config = config
        self._scripts = scripts
        self._digest = lru_cache(maxsize=None)(self._digest_of)

    def script(self, rule: str) -> Path:
        """The script of a rule."""
        return self._scripts / f"{rule}.py"

    def of(self, rule: str) -> str:
        """Digest of a rule's script."""
        return self._digest(rule)

    def with_reader(self, rule: str) -> Callable[[Mapping[str, str]], str]:
        """As `of`, with the reader of the job's dataset and its decoders."""
        return lambda wildcards: self.with_reader_of(rule, wildcards["dataset"])

    def with_reader_of(self, rule: str, dataset: str) -> str:
        """As `of`, with the reader of a dataset and its decoders."""
        return self._digest(rule, *self._reader(dataset))

    def _reader(self, dataset: str) -> list[str]:
        """Modules of a dataset's reader and of the decoders that it may call."""
        name = self._config.datasets[dataset].format
        return [f"segbench.datasets.{name}", *map(registry.module_of, FORMATS[name].decoders)]

    def with_network(self, rule: str) -> Callable[[Mapping[str, str]], str]:
        """As `of`, with the network of the job's model."""
        return lambda wildcards: self.with_networks_of(rule, [wildcards["model"]])

    def with_networks_of(self, rule: str, models: Iterable[str]) -> str:
        """As `of`, with the networks of some models."""
        return self._digest(rule, *self._networks(models))

    def applying(self, rule: str, models: Iterable[str]) -> str:
        """As `with_networks_of`, with all decoders: new images may be of any format."""
        decoders = [registry.module_of(one.module) for one in registry.FORMATS]
        return self._digest(rule, *self._networks(models), *decoders)

    def _networks(self, models: Iterable[str]) -> list[str]:
        return sorted({type(self._config.models[model].network).__module__ for model in models})

    def acquire(self, wildcards: Mapping[str, str]) -> str:
        """Of acquiring: with the reader, and for generated data with the generator."""
        dataset = self._config.datasets[wildcards["dataset"]]
        modules = self._reader(wildcards["dataset"])
        if dataset.source == "generated":
            modules.append(f"segbench.datasets.miniature.{dataset.format}")
        return self._digest("acquire", *modules)

    def _digest_of(self, rule: str, *modules: str) -> str:
        return code_digest(self.script(rule), self._scripts / "segbench", modules)
