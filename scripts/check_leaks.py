"""Fail if a copy, twin or group is on both sides of a split, or samples lack what a study needs."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.folds.leaks import check_leaks
    from segbench.folds.needs import check_needs

    sheets = (job.input("folds"), job.input("samples"), job.inputs["archives"])
    check_needs(*sheets, job.params["needs"])
    check_leaks(*sheets, job.outputs["verdict"])


if __name__ == "__main__":
    run(snakemake, work)
