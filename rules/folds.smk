"""Folds: the role of each sample (train, validation or test), and the leak check.

REQUIRED INPUTS: results/DATASET/samples.tsv and the archives that are trained on; groups of
    images that look alike, where a protocol stratifies by them
OUTPUTS:
    results/DATASET/folds-PROTOCOL.tsv                          sample -> role in each fold
    results/DATASET/prep-RECIPE/aug-RECIPE/leaks-PROTOCOL.json  the leak check's verdict
"""

from segbench.workflow.parameters import needs_of


rule split:
    """Give every sample a role in every fold; a group stays together."""
    input:
        samples=rules.samples.output.samples,
        appearance=ARMS.appearance,
    output:
        folds=f"{DATA}/folds-{{protocol}}.tsv",
    log:
        "logs/split/{dataset}-{protocol}.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=CODE.of("split"),
        protocol=lambda w: plain(CONFIG.datasets[w.dataset].protocols[w.protocol]),
    script:
        "../scripts/split.py"


rule check_leaks:
    """Fail the run if groups leak, or samples lack what a study needs."""
    input:
        folds=rules.split.output.folds,
        samples=rules.samples.output.samples,
        archives=training_shard_lister(CONFIG),
    output:
        verdict=f"{PREPARED}/aug-{{augmentation}}/leaks-{{protocol}}.json",
    log:
        "logs/check_leaks/{dataset}-{preprocessing}-{augmentation}-{protocol}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("check_leaks"),
        runtime=JOBS.minutes("check_leaks"),
        expected_s=JOBS.seconds("check_leaks"),
    params:
        code=CODE.of("check_leaks"),
        needs=lambda w: needs_of(CONFIG, w),
    script:
        "../scripts/check_leaks.py"
