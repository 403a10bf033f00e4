"""segbench: from the publisher's raw files to benchmark tables.

`snakemake` runs the miniature of config/config.yaml, `--configfile FILE` another configuration.
Targets: all, tables, report, explore, objects, submissions, apply, inspect, a study's name.
"""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.9")


# Beside the Snakefile, wherever it is run: `snakemake -s CHECKOUT/Snakefile` works, too.
configfile: str(Path(workflow.basedir) / "config/config.yaml")


sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))


include: "rules/common.smk"
include: "rules/acquire.smk"
include: "rules/preprocess.smk"
include: "rules/augment.smk"
include: "rules/explore.smk"
include: "rules/folds.smk"
include: "rules/train.smk"
include: "rules/score.smk"
include: "rules/submit.smk"
include: "rules/objects.smk"
include: "rules/tables.smk"
include: "rules/report.smk"
include: "rules/apply.smk"
include: "rules/inspect.smk"


rule all:
    """Every table, the report, and what is known of every object."""
    default_target: True
    input:
        rules.tables.input,
        rules.report.output,
        rules.objects.input,


if workflow.is_main_process:
    with exit_on_error():
        check_command_line()
