"""Fit one network on one fold; resumes where a killed job stopped."""

from segbench.provenance.job import Job, run


def selection(job: Job) -> dict[str, str]:
    """The samples of this fold stand for the archives and the sheet they come from."""
    from segbench.config.model import Training
    from segbench.training.selection import selection_digest

    digest = selection_digest(
        job.inputs["archives"],
        job.input("folds"),
        int(job.wildcards["fold"]),
        Training.model_validate(job.params["recipe"]["training"]),
    )
    return {"archives": digest, "folds": digest, "verdict": "clean"}


def work(job: Job) -> None:
    from segbench.config.augmentation import Jitter
    from segbench.config.model import Model
    from segbench.models.files import with_local_weights
    from segbench.training.loop import train

    recipe, jitter = Model.model_validate(job.params["recipe"]), job.params["jitter"]
    network = with_local_weights(recipe.network, job.inputs.get("weights", []))
    train(
        job.inputs["archives"],
        job.input("folds"),
        int(job.wildcards["fold"]),
        recipe.model_copy(update={"network": network}),
        None if jitter is None else Jitter.model_validate(jitter),
        int(job.wildcards["seed"]),
        job.state,
        job.outputs["model"],
        job.outputs["history"],
        devices=job.devices,
    )


if __name__ == "__main__":
    run(snakemake, work, selection=selection)
