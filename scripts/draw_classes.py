"""Draw a classifier's right and wrong predictions: confusion, reliability, ROC curves, mistakes."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.classification import draw_classification
    from segbench.reporting.names import arm_label

    draw_classification(
        job.inputs["segmentations"],
        job.inputs["truth"],
        job.inputs["prepared"],
        arm_label(job.wildcards),
        job.outputs,
    )


if __name__ == "__main__":
    run(snakemake, work)
