"""Draw the learning curves of all arms of a study in one picture; list the lowest losses."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.curves import draw_curves
    from segbench.reporting.histories import read_runs, write_losses

    runs = read_runs(job.params["runs"], job.inputs["histories"])
    draw_curves(runs, job.params["title"], job.outputs["picture"])
    write_losses(runs, job.outputs["losses"])


if __name__ == "__main__":
    run(snakemake, work)
