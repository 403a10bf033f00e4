"""Gather everything on one page that works offline."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.gather import gather_report
    from segbench.reporting.page import write_report

    write_report(gather_report(job.params, job.inputs["costs"]), job.outputs["page"])


if __name__ == "__main__":
    run(snakemake, work, stored=False)
