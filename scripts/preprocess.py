"""Apply a preprocessing recipe to the images and labels of a shard."""

from pathlib import Path

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.config.preprocessing import Preprocessing
    from segbench.imaging.stages import preprocess_shard
    from segbench.slices import dataset_from

    preprocess_shard(
        dataset_from(job.params["dataset"]),
        Preprocessing.model_validate(job.params["recipe"]),
        Path("data/raw") / job.wildcards["dataset"],
        job.input("manifest"),
        job.input("samples"),
        job.outputs["archive"],
        job.threads,
    )


if __name__ == "__main__":
    run(snakemake, work)
