"""Write the masks of a cross-validation as the competition's submission.csv."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.datasets.submission import write_submission

    write_submission(job.inputs["segmentation"], job.params["classes"], job.outputs["submission"])


if __name__ == "__main__":
    run(snakemake, work)
