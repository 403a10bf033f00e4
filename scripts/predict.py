"""Predict the test samples with one network per fold, or with those of all folds."""

from segbench.provenance.job import Job, run


def folds(job: Job) -> list[int]:
    """The folds whose networks are applied."""
    fold = job.wildcards["fold"]
    return list(range(job.params["folds"])) if fold == "ensemble" else [int(fold)]


def selection(job: Job) -> dict[str, str]:
    """Digests of the test samples alone, instead of whole archives and sheets."""
    from segbench.prediction.selection import selection_digest

    digest = selection_digest(job.inputs["archives"], job.input("folds"), folds(job))
    return {"archives": digest, "folds": digest}


def work(job: Job) -> None:
    from segbench.config.model import Model
    from segbench.prediction.stage import predict

    predict(
        job.inputs["archives"],
        job.input("folds"),
        folds(job),
        job.inputs["models"],
        Model.model_validate(job.params["recipe"]),
        job.outputs["probability"],
    )


if __name__ == "__main__":
    run(snakemake, work, selection=selection)
