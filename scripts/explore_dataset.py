"""Describe a dataset before training."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> int:
    from segbench.exploration.stage import explore
    from segbench.slices import dataset_from

    name = job.wildcards["dataset"]
    return explore(
        name,
        dataset_from(job.params["dataset"]),
        Path("data/raw") / name,
        job.input("samples"),
        job.inputs["truth"],
        job.outputs,
    )


if __name__ == "__main__":
    run(snakemake, work)
