"""Make the raw tree of a dataset: generated, downloaded, or a link to a folder."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.datasets.acquire import acquire
    from segbench.slices import dataset_from

    raw = Path("data/raw") / job.wildcards["dataset"]
    acquire(dataset_from(job.params["dataset"]), raw, job.outputs["record"])


if __name__ == "__main__":
    run(snakemake, work, stored=False)
