"""What all rules share: the checked config, path patterns, digests of code, input lists."""

import gc
from functools import lru_cache

from snakemake.io import get_wildcard_names

from segbench.arms import Arm
from segbench.config import load
from segbench.datasets import inventory as raw_inventory
from segbench.errors import SegbenchError
from segbench.places import check_places
from segbench.provenance import code_memory
from segbench.provenance.code import code_digest
from segbench.provenance.lock import may_write
from segbench.slices import (
    dataset_slice,
    inventory_slice,
    model_slice,
    plain,
    source_slice,
)

# A plan is millions of objects that all live to the end: to look through them for cycles
# again and again takes a sixth of the planning.
gc.set_threshold(200_000, 20, 100)

BASE = Path(workflow.basedir)
MAIN = [Path(file) for file in workflow.overwrite_configfiles] or [
    BASE / "config/config.yaml"
]
CONFIG = load(
    MAIN,
    workflow.config_settings.config,
    BASE,
    command=sys.argv[1:] if workflow.is_main_process else None,
)

# The store is one place for all folders of outputs; jobs learn of it by the environment.
os.environ.update(SEGBENCH_STORE=str(CONFIG.store().absolute()))
if CONFIG.main.folder != ".":

    workdir: str(Path(CONFIG.main.folder).absolute())


# The code as the last real run has read it: parsing the library anew takes a second.
CODE_MEMORY = Path(".segbench/code")
code_memory.recall(CODE_MEMORY)


onstart:
    code_memory.keep(CODE_MEMORY)


DATA = "results/{dataset}"
PREPARED = f"{DATA}/prep-{{preprocessing}}"
ARM = f"{PREPARED}/aug-{{augmentation}}/{{model}}/seed-{{seed}}/{{protocol}}"
RUN = f"{ARM}/fold-{{fold}}"
LOG = RUN.replace("results/", "logs/")
NAME = "[a-z0-9_.-]+"
OVERLAYS = f"results/figures/{{study}}/{ARM.removeprefix('results/')}"
TABLE_FORMATS = ("csv", "md", "tex", "html")


wildcard_constraints:
    dataset=NAME,
    preprocessing=NAME,
    augmentation=NAME,
    model=NAME,
    protocol=NAME,
    study=NAME,
    shard=r"\d+",
    seed=r"\d+",
    fold=r"\d+|ensemble",


@lru_cache(maxsize=None)
def code(rule_name, *modules):
    """Digest of a script and of what that reaches in the library."""
    return code_digest(
        BASE / f"scripts/{rule_name}.py", BASE / "scripts/segbench", modules
    )


def reader_code(rule_name):
    """As `code`, with the reader of the job's dataset, which is found by name."""
    return lambda w: code(
        rule_name, f"segbench.datasets.{CONFIG.datasets[w.dataset].format}"
    )


def shards(pattern):
    """All shards of a stage of the job's dataset; one list for all jobs that share it."""
    names = sorted(get_wildcard_names(pattern) - {"shard"})

    @lru_cache(maxsize=None)
    def of(*values):
        known = dict(zip(names, values))
        count = CONFIG.datasets[known["dataset"]].shards
        return [pattern.format(**known, shard=shard) for shard in range(count)]

    return lambda w: of(*[w[name] for name in names])


PLAIN_SHARDS = shards(f"{PREPARED}/shard-{{shard}}.zarr.zip")
AMPLIFIED_SHARDS = shards(
    f"{PREPARED}/amplified-{{augmentation}}/shard-{{shard}}.zarr.zip"
)


def training_shards(w):
    """What is trained on: the amplified shards where the recipe amplifies, else the plain."""
    amplified = CONFIG.augmentation[w.augmentation].amplification is not None
    return (AMPLIFIED_SHARDS if amplified else PLAIN_SHARDS)(w)


def folds_of(arm):
    """The folds that an arm's networks are trained on."""
    return range(CONFIG.datasets[arm.dataset].protocols[arm.protocol].folds)


def scored_folds(study, arm):
    """The folds of an arm whose predictions are scored in a study."""
    return ["ensemble"] if CONFIG.studies[study].ensemble else folds_of(arm)


def of_study(pattern, folds=scored_folds):
    """A file of every arm and fold of the job's study."""
    return lambda w: [
        pattern.format(**arm._asdict(), fold=fold)
        for arm in CONFIG.arms(w.study)
        for fold in folds(w.study, arm)
    ]


def refresh_inventory():
    """Rewrite the manifests of raw folders whose files changed; read only what changed."""
    for name, dataset in CONFIG.datasets.items():
        manifests = {
            shard: Path(f"inventory/{name}/shard-{shard}.tsv")
            for shard in range(dataset.shards)
        }
        raw_inventory.refresh(
            dataset,
            Path(f"data/raw/{name}"),
            {shard: path for shard, path in manifests.items() if path.exists()},
            Path(f".segbench/inventory/{name}"),
            code("inventory", f"segbench.datasets.{dataset.format}"),
        )


def names_of_files():
    """The longest names that outputs and logs get: of recipes, joined where they are."""
    for study in CONFIG.studies:
        yield study
        for arm in CONFIG.arms(study):
            yield arm.model
            yield f"{arm.dataset}-{arm.preprocessing}-{arm.augmentation}-{arm.protocol}"


if workflow.is_main_process:
    check_places(BASE, Path.cwd(), names_of_files())

# A second run in the folder ends here; a dry run beside a run changes nothing.
if workflow.is_main_process and may_write(
    Path(".snakemake"), workflow.output_settings.dryrun, sys.argv, logger.info
):
    refresh_inventory()
