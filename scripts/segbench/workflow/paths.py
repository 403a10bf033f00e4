"""Where the files of the workflow lie: the only place that knows the layout of the results.

Wildcards stand in braces. Other modules of the library are given paths, they do not make them.
"""

from __future__ import annotations

from collections.abc import Mapping

RAW = "data/raw/{dataset}"
MANIFEST = "inventory/{dataset}/shard-{shard}.tsv"

DATA = "results/{dataset}"
SAMPLES = f"{DATA}/samples.tsv"
APPEARANCE = f"{DATA}/explore/appearance.tsv"
PREPARED = f"{DATA}/prep-{{preprocessing}}"
PREPARED_SHARD = f"{PREPARED}/shard-{{shard}}.zarr.zip"
AMPLIFIED = f"{PREPARED}/amplified-{{augmentation}}"
AMPLIFIED_SHARD = f"{AMPLIFIED}/shard-{{shard}}.zarr.zip"

ARM = f"{PREPARED}/aug-{{augmentation}}/{{model}}/seed-{{seed}}/{{protocol}}"
RUN = f"{ARM}/fold-{{fold}}"
MODEL = f"{RUN}/model.keras"
OBJECTS = f"{RUN}/objects.parquet"

FIGURES = "results/figures/{study}"
ARM_FIGURES = f"{FIGURES}/{ARM.removeprefix('results/')}"
TABLE = "tables/{study}.{format}"
TABLE_FORMATS = ("csv", "md", "tex", "html")

APPLIED_IMAGES = "inventory/applied/{name}.tsv"
APPLIED = "applied/{name}"

#: What the workflow keeps for itself, below the folder of outputs.
PRIVATE = ".segbench"

INSPECTED = f"{PRIVATE}/inspected.txt"


def log_of(pattern: str) -> str:
    """The folder below ``logs/`` that mirrors one below ``results/``.

    Examples
    --------
    >>> log_of("results/{dataset}/folds")
    'logs/{dataset}/folds'
    """
    return pattern.replace("results/", "logs/", 1)


def tables_of(study: str) -> Mapping[str, str]:
    """The table of a study in each format.

    Examples
    --------
    >>> tables_of("kidney")["md"]
    'tables/kidney.md'
    """
    return {kind: TABLE.format(study=study, format=kind) for kind in TABLE_FORMATS}
