"""Draw the points of a study's sweep as parallel coordinates."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.sweep import draw_sweep

    draw_sweep(
        job.params["points"],
        job.input("table"),
        job.params["metric"],
        job.params["empty"],
        job.params["title"],
        job.outputs["picture"],
    )


if __name__ == "__main__":
    run(snakemake, work)
