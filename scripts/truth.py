"""Collect the labels of a shard at their original size."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.imaging.stages import write_truth
    from segbench.slices import dataset_from

    raw = Path("data/raw") / job.wildcards["dataset"]
    dataset = dataset_from(job.params["dataset"])
    write_truth(dataset, raw, job.input("samples"), job.input("manifest"), job.outputs["archive"])


if __name__ == "__main__":
    run(snakemake, work)
