"""Join the rows of all shards; identical pictures become one group."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.datasets.index import merge_samples

    merge_samples(job.inputs["shards"], job.outputs["samples"])


if __name__ == "__main__":
    run(snakemake, work)
