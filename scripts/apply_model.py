"""Segment a folder of new images with trained networks."""

from segbench.provenance.job import Job, run


def work(job: Job) -> int:
    from segbench.inference.stage import apply_model

    table = job.inputs.get("table")
    return apply_model(
        job.input("images"),
        job.inputs["models"],
        table[0] if table else None,
        job.params["settings"],
        job.params["code"],
        job.outputs,
        job.terminal,
    )


if __name__ == "__main__":
    run(snakemake, work, stored=False)
