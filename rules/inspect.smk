"""Inspect: a first look at a folder of one's own, and a config for it.

    snakemake inspect --config images=FOLDER
    snakemake inspect --config images=FOLDER masks=NEWFOLDER      # draws masks of polygons

REQUIRED INPUTS: the folder; it is not written to
OUTPUTS:
    config/datasets/NAME.yaml and the files of a study of it, where there are none of that name
    NEWFOLDER/                            links to the images, masks, a sheet
    .segbench/inspected.txt               what is printed
"""

from segbench.workflow.parameters import inspection_of
from segbench.workflow.paths import INSPECTED

if workflow.is_main_process and not workflow.output_settings.dryrun:
    Path(INSPECTED).unlink(missing_ok=True)  # a folder is looked at each time anew


rule inspect_folder:
    """Say what is in a folder, warn of usual mistakes, write a config."""
    output:
        report=INSPECTED,
    log:
        "logs/inspect_folder.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=lambda w: CODE.applying("inspect_folder", ()),
        request=lambda w: inspection_of(CONFIG, BASE),
    script:
        "../scripts/inspect_folder.py"


rule inspect:
    """Inspect the folder that --config images= names, each time anew."""
    input:
        rules.inspect_folder.output.report,
