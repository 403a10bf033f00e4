"""What happens once before a plan is made, in the main process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from segbench.config.loader import Config
from segbench.datasets.inventory import refresh
from segbench.workflow.code import Code
from segbench.workflow.paths import MANIFEST, PRIVATE, RAW


def refresh_inventories(config: Config, code: Code) -> list[Path]:
    """Rewrite the manifests of raw folders whose files changed; read only what changed.

    Parameters
    ----------
    config : Config
        Names the datasets.
    code : Code
        Digests of the code that writes manifests.

    Returns
    -------
    list of Path
        The manifests that were rewritten.
    """
    changed = []
    for name, dataset in config.datasets.items():
        manifests = {
            shard: Path(MANIFEST.format(dataset=name, shard=shard))
            for shard in range(dataset.shards)
        }
        changed += refresh(
            dataset,
            Path(RAW.format(dataset=name)),
            {shard: path for shard, path in manifests.items() if path.exists()},
            Path(PRIVATE, "inventory", name),
            code.with_reader_of("inventory", name),
        )
    return changed


def file_names(config: Config) -> Iterator[str]:
    """The longest names that outputs and logs get: of recipes, joined where the paths join them."""
    for study in config.studies:
        yield study
        for arm in config.arms(study):
            yield arm.model
            yield f"{arm.dataset}-{arm.preprocessing}-{arm.augmentation}-{arm.protocol}"
