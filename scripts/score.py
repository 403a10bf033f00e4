"""Compare segmentations with the truth at the original size."""

from segbench.provenance.job import Job, run


def selection(job: Job) -> dict[str, str]:
    """The groups of the segmented samples stand for the folds they are listed in."""
    from segbench.archives import Archive
    from segbench.artefacts.folds import groups_digest

    with Archive(job.input("segmentation")) as archive:
        return {"folds": groups_digest(job.input("folds"), archive.ids)}


def work(job: Job) -> None:
    from segbench.metrics import score

    score(
        job.input("segmentation"),
        job.inputs["truth"],
        job.input("folds"),
        job.params["metrics"],
        job.params["empty"],
        job.params["labels"],
        job.outputs["scores"],
    )


if __name__ == "__main__":
    run(snakemake, work, selection=selection)
