"""Summarise the segmentation of new images, and fail if an image could not be segmented."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.inference.summary import conclude

    conclude(job.input("applied"), job.outputs["summary"])


if __name__ == "__main__":
    run(snakemake, work, stored=False)
