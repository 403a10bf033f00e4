"""List the raw files of a shard's samples with their digests."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.datasets import reader_of
    from segbench.datasets.inventory import write_shards
    from segbench.slices import dataset_from

    name = job.wildcards["dataset"]
    raw = Path("data/raw") / name
    write_shards(
        reader_of(dataset_from(job.params["dataset"])),
        raw,
        {int(job.wildcards["shard"]): job.outputs["manifest"]},
        job.params["shards"],
        Path(f".segbench/inventory/{name}"),
    )


if __name__ == "__main__":
    run(snakemake, work, stored=False)
