"""Draw the learning curves of all arms of a study in one picture; list the lowest losses."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.curves import draw_curves
    from segbench.reporting.histories import write_losses
    from segbench.reporting.names import run_labels

    paths = job.inputs["histories"]
    histories = dict(zip(run_labels(job.params["runs"]), paths, strict=True))
    draw_curves(histories, job.params["title"], job.outputs["picture"])
    write_losses(histories, job.outputs["losses"])


if __name__ == "__main__":
    run(snakemake, work)
