"""Look at a folder of images, and write a dataset's config for it."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.inspection.stage import write_inspection

    write_inspection(**job.params["request"], output=Path(job.outputs["report"]))


if __name__ == "__main__":
    run(snakemake, work, stored=False)
