"""Summarise the scores of a study in a table, in four formats."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.config.study import Study
    from segbench.statistics import write_tables

    write_tables(
        job.inputs["scores"],
        Study.model_validate(job.params["study"]),
        job.wildcards["study"],
        job.params["generated"],
        job.outputs,
    )


if __name__ == "__main__":
    run(snakemake, work)
