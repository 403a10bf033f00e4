"""Augment: deterministic copies of every sample, made once and before the split.

Random jitter is not here: it is drawn anew each epoch, inside the training.

REQUIRED INPUTS: results/DATASET/prep-RECIPE/shard-K.zarr.zip
OUTPUTS:
    results/DATASET/prep-RECIPE/amplified-RECIPE/shard-K.zarr.zip
"""

from segbench.workflow.paths import AMPLIFIED, AMPLIFIED_SHARD


rule amplify:
    """Write the copies of a shard's samples; each carries the id of its source."""
    input:
        archive=rules.preprocess.output.archive,
    output:
        archive=AMPLIFIED_SHARD,
        cost=f"{AMPLIFIED}/shard-{{shard}}.cost.json",
    log:
        "logs/amplify/{dataset}-{preprocessing}-{augmentation}-{shard}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("amplify"),
        runtime=JOBS.minutes("amplify"),
        expected_s=JOBS.seconds("amplify"),
    params:
        code=CODE.of("amplify"),
        recipe=lambda w: plain(CONFIG.augmentation[w.augmentation].amplification),
    script:
        "../scripts/amplify.py"
