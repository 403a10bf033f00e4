"""Draw the best, the median and the worst test sample of an arm."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.config.study import Study
    from segbench.reporting.names import arm_label
    from segbench.reporting.overlays import draw_overlays

    draw_overlays(
        job.inputs["scores"],
        Study.model_validate(job.params["study"]),
        arm_label(job.wildcards),
        job.inputs["prepared"],
        job.inputs["segmentations"],
        job.inputs["truth"],
        job.outputs["picture"],
    )


if __name__ == "__main__":
    run(snakemake, work)
