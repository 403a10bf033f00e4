"""Gather everything on one page that works offline, with a manifest and costs for programs."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.reporting.gather import build_report

    build_report(job.params, job.inputs["costs"], job.inputs["inventory"], job.outputs)


if __name__ == "__main__":
    run(snakemake, work, stored=False)
