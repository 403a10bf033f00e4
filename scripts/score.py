"""Compare segmentations with the truth at the original size."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.metrics import score

    score(
        job.input("segmentation"),
        job.inputs["truth"],
        job.params["metrics"],
        job.params["empty"],
        job.params["labels"],
        job.outputs["scores"],
    )


if __name__ == "__main__":
    run(snakemake, work)
