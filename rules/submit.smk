"""Submit: the masks of a cross-validation as the UW-Madison competition's file.

REQUIRED INPUTS: RUN/segmentation.zarr.zip of all folds of an arm
OUTPUTS:
    ARM/submission.csv                    id, class, predicted: run-length codes, all slices
TARGETS: submissions, for every arm of the config's studies on the competition's data
"""

from segbench.workflow.paths import ARM


rule submit:
    """Write an arm's masks of all folds as run-length codes."""
    input:
        segmentation=lambda w: expand(
            rules.segment.output.segmentation,
            fold=ARMS.folds(w.dataset, w.protocol),
            **w,
        ),
    output:
        submission=f"{ARM}/submission.csv",
    log:
        f"{log_of(ARM)}/submit.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=CODE.of("submit"),
        classes=lambda w: list(CONFIG.datasets[w.dataset].label_classes),
    script:
        "../scripts/submit.py"


rule submissions:
    """The competition's file of every arm of the studies on its data."""
    input:
        lambda w: ARMS.submitted(rules.submit.output.submission),
