"""Describe a run's objects in RDF and check the description against the shapes."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.objects import describe_run

    describe_run(
        job.input("objects"),
        job.inputs["segmentation"],
        job.inputs["models"],
        job.params["about"],
        job.params["labels"],
        job.input("terms"),
        job.input("shapes"),
        job.outputs,
    )


if __name__ == "__main__":
    run(snakemake, work)
