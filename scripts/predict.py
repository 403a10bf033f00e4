"""Apply a fold's network, or all folds' together, to the test samples."""

from segbench.provenance.job import Job, run


def folds(job: Job) -> list[int]:
    """The folds whose networks predict."""
    fold = job.wildcards["fold"]
    return list(range(job.params["folds"])) if fold == "ensemble" else [int(fold)]


def selection(job: Job) -> dict[str, str]:
    """The test samples stand for the archives and the sheet they come from."""
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
