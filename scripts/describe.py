"""Describe a run's objects in RDF and check the description against the shapes."""

from segbench.provenance.job import Job, run


def selection(job: Job) -> dict[str, str]:
    """The groups of the segmented samples stand for the folds they are listed in."""
    from segbench.archives import Archive
    from segbench.artefacts.folds import groups_digest

    with Archive(job.input("segmentation")) as archive:
        return {"folds": groups_digest(job.input("folds"), archive.ids)}


def work(job: Job) -> None:
    from segbench.objects import describe_run

    describe_run(
        job.input("objects"),
        job.inputs["segmentation"],
        job.inputs["models"],
        job.input("folds"),
        job.params["about"],
        job.params["labels"],
        job.outputs,
    )


if __name__ == "__main__":
    run(snakemake, work, selection=selection)
