"""Preprocess: labels at their original size, and images and labels by the recipe.

REQUIRED INPUTS: data/raw/DATASET/, its inventory and its index
OUTPUTS:
    results/DATASET/truth/shard-K.zarr.zip              labels, original size
    results/DATASET/prep-RECIPE/shard-K.zarr.zip        images and labels, recipe applied
"""

from segbench.workflow.paths import PREPARED_SHARD


rule truth:
    """Collect the labels of a shard at their original size; scores are taken there."""
    input:
        manifest=rules.inventory.output.manifest,
        samples=rules.index.output.samples,
    output:
        archive=f"{DATA}/truth/shard-{{shard}}.zarr.zip",
        cost=f"{DATA}/truth/shard-{{shard}}.cost.json",
    log:
        "logs/truth/{dataset}-{shard}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("truth"),
        runtime=JOBS.minutes("truth"),
        expected_s=JOBS.seconds("truth"),
    params:
        code=CODE.with_reader("truth"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/truth.py"


rule preprocess:
    """Apply a preprocessing recipe to the images and labels of a shard."""
    input:
        manifest=rules.inventory.output.manifest,
        samples=rules.index.output.samples,
    output:
        archive=PREPARED_SHARD,
        cost=f"{PREPARED}/shard-{{shard}}.cost.json",
    log:
        "logs/preprocess/{dataset}-{preprocessing}-{shard}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("preprocess"),
        runtime=JOBS.minutes("preprocess"),
        expected_s=JOBS.seconds("preprocess"),
    params:
        code=CODE.with_reader("preprocess"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
        recipe=lambda w: plain(CONFIG.preprocessing[w.preprocessing]),
    script:
        "../scripts/preprocess.py"
