"""Write the deterministic copies of a shard's samples."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.augmentation.amplification import amplify_shard
    from segbench.config.augmentation import Amplification

    recipe = Amplification.model_validate(job.params["recipe"])
    amplify_shard(job.input("archive"), recipe, job.outputs["archive"], job.threads)


if __name__ == "__main__":
    run(snakemake, work)
