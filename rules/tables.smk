"""Tables: one per study, our arms beside the published rows, in four formats.

REQUIRED INPUTS: RUN/scores.parquet of every arm and fold of the study
OUTPUTS:
    tables/STUDY.csv .md .tex .html
"""

from segbench.workflow.paths import TABLE, TABLE_FORMATS


rule tabulate:
    """Summarise the scores of a study: means, intervals, ranks, ties, published rows."""
    input:
        scores=lambda w: ARMS.scored(rules.score.output.scores, w.study),
    output:
        **tables_of("{study}"),
    log:
        "logs/tabulate/{study}.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=CODE.of("tabulate"),
        study=lambda w: CONFIG.studies[w.study].model_dump(mode="json"),
        generated=lambda w: CONFIG.datasets[CONFIG.studies[w.study].dataset].source
        == "generated",
    script:
        "../scripts/tabulate.py"


rule tables:
    """All tables."""
    input:
        expand(TABLE, study=CONFIG.studies, format=TABLE_FORMATS),


for name in CONFIG.studies:

    rule:
        name:
            name
        input:
            tables_of(name).values(),
