"""Open and check every file of a shard; one row per sample."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.datasets.index import index_shard
    from segbench.slices import dataset_from

    raw = Path("data/raw") / job.wildcards["dataset"]
    shard = int(job.wildcards["shard"])
    dataset = dataset_from(job.params["dataset"])
    index_shard(dataset, raw, job.input("manifest"), shard, job.outputs["samples"])


if __name__ == "__main__":
    run(snakemake, work)
