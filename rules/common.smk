"""What all rules share: the checked configuration, and what `segbench.workflow` makes of it."""

import gc
from contextlib import redirect_stderr
from io import StringIO

from snakemake.cli import parse_args

from segbench.config.loader import load
from segbench.datasets.formats import FORMATS
from segbench.preflight import check_environment
from segbench.provenance import code_memory
from segbench.provenance.lock import begin_run
from segbench.slices import dataset_slice, plain
from segbench.store_location import export_store
from segbench.workflow.applied import Applied
from segbench.workflow.arms import Arms
from segbench.workflow.code import Code
from segbench.workflow.command_line import (
    check_targets,
    could_be_targets,
    exit_on_error,
)
from segbench.workflow.gpus import GpuRequests, StoredWork, granted_gpus
from segbench.workflow.job_resources import JobResources
from segbench.workflow.paths import DATA, PREPARED, PRIVATE, RUN, log_of, tables_of
from segbench.workflow.shards import shard_lister, training_shard_lister
from segbench.workflow.start import file_names, refresh_inventories

# A plan is millions of objects that all live to the end: looking through them for cycles
# again and again takes a sixth of the planning.
gc.set_threshold(200_000, 20, 100)

BASE = Path(workflow.basedir)
MAIN = [Path(file) for file in workflow.overwrite_configfiles] or [
    BASE / "config/config.yaml"
]
with exit_on_error():
    CONFIG = load(
        MAIN,
        workflow.config_settings.config,
        BASE,
        command=sys.argv[1:] if workflow.is_main_process else None,
        formats=FORMATS,
    )
LOG = log_of(RUN)

# The store is one place for all folders of outputs; jobs find it in their environment.
export_store(CONFIG.store())
if CONFIG.main.folder != ".":

    workdir: str(Path(CONFIG.main.folder).absolute())


# The code as the last real run has read it: parsing the library anew takes a second.
CODE_MEMORY = Path(PRIVATE, "code")
code_memory.recall(CODE_MEMORY)


onstart:
    code_memory.keep(CODE_MEMORY)


wildcard_constraints:
    **dict.fromkeys(Arms.NAMES, "[a-z0-9_.-]+"),
    study="[a-z0-9_.-]+",
    shard=r"\d+",
    seed=r"\d+",
    fold=r"\d+|ensemble",


ARMS = Arms(CONFIG)
CODE = Code(CONFIG, BASE / "scripts")
APPLIED = Applied.from_config(CONFIG, BASE)

STORED = StoredWork(CONFIG, CODE)
GPUS = GpuRequests.of_run(
    CONFIG.main.gpus,
    # Whether jobs go to a cluster; in a dry run, whether they would.
    submitted=workflow.resource_settings.nodes is not None,
    granted=None if workflow.is_main_process else granted_gpus(os.environ),
    # The executor is known only when jobs are submitted, not while the rules are read.
    is_stored=lambda *job: not workflow.local_exec and STORED(*job),
)


def gpus_of(rule_name):
    """GPUs of a rule's jobs: what a profile sets for it, else what `GPUS` says."""
    asked = workflow.get_rule(rule_name).resources.get("gpu")
    if asked is not None and not asked.is_evaluable():
        return int(asked.value or 0)
    return GPUS.of_rule(rule_name)


JOBS = JobResources(CONFIG, gpus_of)


def begin():
    """Check what would fail later, and bring up to date what the DAG is built on."""
    if CONFIG.main.folder != ".":
        logger.info(f"Outputs are in {Path.cwd()}: paths below are relative to it.")
    check_environment(BASE, Path.cwd(), file_names(CONFIG))
    # A second run in the folder ends here; a dry run beside a run changes nothing.
    dry = workflow.output_settings.dryrun
    if begin_run(Path(".snakemake"), dry, sys.argv, logger.info):
        refresh_inventories(CONFIG, CODE)
    APPLIED.refresh()


def check_command_line():
    """Check the targets, once all rules are known."""
    if Path(sys.argv[0]).stem not in ("snakemake", "__main__", "explain"):
        return  # started by a program with a command line of its own
    names = {rule.name for rule in workflow.rules}
    words = [word for word in sys.argv[1:] if word != "--json"]  # of scripts/explain.py
    if could_be_targets(words, names):
        with redirect_stderr(StringIO()):  # the profiles in use were named before
            _, arguments = parse_args(words)
        check_targets(
            arguments.targets, CONFIG, names, MAIN, Path(workflow.workdir_init)
        )


if workflow.is_main_process:
    with exit_on_error():
        begin()
