"""Draw the learning curves of all arms of a study in one picture."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.names import run_label

    from segbench.reporting.curves import draw_curves

    histories = {run_label(path): path for path in job.inputs["histories"]}
    draw_curves(histories, job.params["title"], job.outputs["picture"])


if __name__ == "__main__":
    run(snakemake, work)
