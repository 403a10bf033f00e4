"""Report: one offline folder with the tables, curves, overlays, and what ran where.

REQUIRED INPUTS: the tables, histories, segmentations and costs of every study, explorations
OUTPUTS:
    results/figures/STUDY/*               learning curves, overlays, classes, sweeps
    report/index.html                     everything, self-contained in its folder
    report/manifest.json                  what the figures depend on, for machines
    tables/resources.csv                  what jobs asked for, and what they used
"""


rule draw_curves:
    """Draw the learning curves of all arms of a study; list the lowest losses."""
    input:
        histories=of_study(rules.train.output.history, lambda study, arm: folds_of(arm)),
    output:
        picture="results/figures/{study}/curves.svg",
        losses="results/figures/{study}/losses.tsv",
    log:
        "logs/draw_curves/{study}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("draw_curves"),
        runs=lambda w: [
            {**arm._asdict(), "fold": fold}
            for arm in CONFIG.arms(w.study)
            for fold in folds_of(arm)
        ],
        title=lambda w: CONFIG.studies[w.study].title,
    script:
        "../scripts/draw_curves.py"


rule draw_overlays:
    """Draw the best, the median and the worst test sample of an arm."""
    input:
        scores=lambda w: expand(
            rules.score.output.scores, **w, fold=scored_folds(w.study, w)
        ),
        segmentations=lambda w: expand(
            rules.segment.output.segmentation, **w, fold=scored_folds(w.study, w)
        ),
        truth=shards(rules.truth.output.archive),
        prepared=shards(rules.preprocess.output.archive),
    output:
        picture=f"{OVERLAYS}/overlays.png",
    log:
        f"{OVERLAYS.replace('results/', 'logs/')}/draw_overlays.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("draw_overlays"),
        study=lambda w: CONFIG.studies[w.study].model_dump(mode="json"),
    script:
        "../scripts/draw_overlays.py"


rule draw_classes:
    """Draw what a classifier got right and wrong, in place of overlays."""
    input:
        segmentations=lambda w: expand(
            rules.segment.output.segmentation, **w, fold=scored_folds(w.study, w)
        ),
        truth=shards(rules.truth.output.archive),
        prepared=shards(rules.preprocess.output.archive),
    output:
        confusion=f"{OVERLAYS}/confusion.svg",
        reliability=f"{OVERLAYS}/reliability.svg",
        roc=f"{OVERLAYS}/roc.svg",
        mistakes=f"{OVERLAYS}/mistakes.png",
    log:
        f"{OVERLAYS.replace('results/', 'logs/')}/draw_classes.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("draw_classes"),
    script:
        "../scripts/draw_classes.py"


rule draw_sweep:
    """Draw the points of a study's sweep as parallel coordinates."""
    input:
        table="tables/{study}.csv",
    output:
        picture="results/figures/{study}/sweep.svg",
    log:
        "logs/draw_sweep/{study}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("draw_sweep"),
        title=lambda w: CONFIG.studies[w.study].title,
        metric=lambda w: CONFIG.studies[w.study].primary,
        empty=lambda w: CONFIG.studies[w.study].empty,
        points=lambda w: sweep_points(w.study),
    script:
        "../scripts/draw_sweep.py"


rule report:
    """Gather everything on one page that works offline."""
    input:
        tables=rules.tables.input,
        pictures=pages_pictures(),
        losses=expand(rules.draw_curves.output.losses, study=CONFIG.studies),
        explorations=rules.explore.input,
        sheets=[path for study in CONFIG.studies for path in sheets_of(study).values()],
        costs=costs,
        inventory=lambda w: sorted(
            path
            for name, dataset in CONFIG.datasets.items()
            for path in expand(
                rules.inventory.output.manifest,
                dataset=name,
                shard=range(dataset.shards),
            )
        ),
    output:
        page="report/index.html",
        manifest="report/manifest.json",
        resources="tables/resources.csv",
    log:
        "logs/report.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("report"),
        parts=pages_parts(),
        explorations=explorations(),
        config=resolved_config(),
        configfiles=[file.name for file in MAIN],
        codes={
            rule: code(rule)
            for rule in ("train", "predict", "segment", "score", "tabulate")
        },
    script:
        "../scripts/report.py"
