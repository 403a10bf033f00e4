"""Measure the objects of a run's segmentations in the raw images."""

from pathlib import Path

from segbench.provenance.job import Job, run


def selection(job: Job) -> dict[str, str]:
    """The raw files of the segmented samples stand for the manifests they are listed in."""
    from segbench.objects import raw_digest

    return {"manifests": raw_digest(job.input("segmentation"), job.inputs["manifests"])}


def work(job: Job) -> int:
    from segbench.objects import measure_run
    from segbench.slices import dataset_from

    name = job.wildcards["dataset"]
    return measure_run(
        job.inputs["segmentation"],
        dataset_from(job.params["dataset"]),
        name,
        Path("data/raw") / name,
        job.outputs["objects"],
    )


if __name__ == "__main__":
    run(snakemake, work, selection=selection)
