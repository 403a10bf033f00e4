"""Segment and score: from probabilities to label maps, objects and scores.

REQUIRED INPUTS: RUN/probability.zarr.zip, the labels at their original size, the folds, which
    name the groups
OUTPUTS:
    RUN/segmentation.zarr.zip             label maps or numbered objects, original size
    RUN/scores.parquet                    one row per sample, class and metric
"""

from segbench.slices import model_slice


rule segment:
    """Turn the probabilities into label maps or objects at the original size."""
    input:
        probability=rules.predict.output.probability,
        truth=shard_lister(CONFIG, rules.truth.output.archive),
    output:
        segmentation=f"{RUN}/segmentation.zarr.zip",
        cost=f"{RUN}/segment.cost.json",
    log:
        f"{LOG}/segment.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("segment"),
        runtime=JOBS.minutes("segment"),
        expected_s=JOBS.seconds("segment"),
    params:
        code=CODE.with_network("segment"),
        recipe=lambda w: model_slice(CONFIG.models[w.model], "segment"),
    script:
        "../scripts/segment.py"


rule score:
    """Compare the segmentations with the truth at the original size."""
    input:
        segmentation=rules.segment.output.segmentation,
        truth=shard_lister(CONFIG, rules.truth.output.archive),
        folds=rules.split.output.folds,
    output:
        scores=f"{RUN}/scores.parquet",
        cost=f"{RUN}/score.cost.json",
    log:
        f"{LOG}/score.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("score"),
        runtime=JOBS.minutes("score"),
        expected_s=JOBS.seconds("score"),
    params:
        code=CODE.of("score"),
        metrics=ARMS.metrics_of,
        empty=ARMS.empty_of,
        labels=lambda w: dict(w),
    script:
        "../scripts/score.py"
