"""Turn probabilities into label maps or objects at the original size."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.config.model import Model
    from segbench.instances import segment

    recipe = Model.model_validate(job.params["recipe"])
    segment(job.input("probability"), job.inputs["truth"], recipe, job.outputs["segmentation"])


if __name__ == "__main__":
    run(snakemake, work)
