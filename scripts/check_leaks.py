"""Fail if a copy, a twin or a group is on two sides of a split."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.folds import check_leaks

    check_leaks(
        job.input("folds"), job.input("samples"), job.inputs["archives"], job.outputs["verdict"]
    )


if __name__ == "__main__":
    run(snakemake, work)
