"""Join the rows of all shards; identical pictures become one group."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.artefacts.samples import read_samples
    from segbench.datasets.index import merge_samples
    from segbench.datasets.mixture import check_mixture

    merge_samples(job.inputs["shards"], job.outputs["samples"])
    check_mixture(read_samples(job.outputs["samples"]), **job.params["uses"])


if __name__ == "__main__":
    run(snakemake, work)
