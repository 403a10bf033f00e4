"""Give each sample its role in each fold."""

from segbench.provenance.job import Job, run


def work(job: Job) -> None:
    from segbench.config.dataset import Protocol
    from segbench.folds.protocol import make_folds

    protocol = Protocol.model_validate(job.params["protocol"])
    (appearance,) = job.inputs["appearance"] or [None]
    make_folds(job.input("samples"), protocol, job.outputs["folds"], appearance)


if __name__ == "__main__":
    run(snakemake, work)
