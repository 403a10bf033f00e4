"""Report: one offline folder with the tables, curves, overlays, and what ran where.

REQUIRED INPUTS: the tables, histories, segmentations and costs of every study, explorations
OUTPUTS:
    results/figures/STUDY/*               learning curves, overlays, classes, sweeps
    report/index.html                     everything, self-contained in its folder
    report/manifest.json                  what the figures depend on, for machines
    tables/resources.csv                  what jobs asked for, and what they used
"""

from segbench.workflow.costs import COSTED, cost_files
from segbench.workflow.paths import ARM_FIGURES, FIGURES
from segbench.workflow.report_parts import (
    Patterns,
    ReportParts,
    as_params,
    resolved_config,
    sweep_points,
)
from segbench.workflow.shards import manifests


rule draw_curves:
    """Draw the learning curves of all arms of a study; list the lowest losses."""
    input:
        histories=lambda w: ARMS.trained(rules.train.output.history, w.study),
    output:
        picture=f"{FIGURES}/curves.svg",
        losses=f"{FIGURES}/losses.tsv",
    log:
        "logs/draw_curves/{study}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=CODE.of("draw_curves"),
        runs=lambda w: ARMS.trained_runs(w.study),
        title=lambda w: CONFIG.studies[w.study].title,
    script:
        "../scripts/draw_curves.py"


rule draw_overlays:
    """Draw the best, the median and the worst test sample of an arm."""
    input:
        scores=lambda w: expand(
            rules.score.output.scores, **w, fold=ARMS.scored_folds(w.study)
        ),
        segmentations=lambda w: expand(
            rules.segment.output.segmentation, **w, fold=ARMS.scored_folds(w.study)
        ),
        truth=shard_lister(CONFIG, rules.truth.output.archive),
        prepared=shard_lister(CONFIG, rules.preprocess.output.archive),
    output:
        picture=f"{ARM_FIGURES}/overlays.png",
    log:
        f"{log_of(ARM_FIGURES)}/draw_overlays.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=CODE.of("draw_overlays"),
        study=lambda w: CONFIG.studies[w.study].model_dump(mode="json"),
    script:
        "../scripts/draw_overlays.py"


rule draw_classes:
    """Draw a classifier's right and wrong predictions, in place of overlays."""
    input:
        segmentations=lambda w: expand(
            rules.segment.output.segmentation, **w, fold=ARMS.scored_folds(w.study)
        ),
        truth=shard_lister(CONFIG, rules.truth.output.archive),
        prepared=shard_lister(CONFIG, rules.preprocess.output.archive),
    output:
        confusion=f"{ARM_FIGURES}/confusion.svg",
        reliability=f"{ARM_FIGURES}/reliability.svg",
        roc=f"{ARM_FIGURES}/roc.svg",
        mistakes=f"{ARM_FIGURES}/mistakes.png",
    log:
        f"{log_of(ARM_FIGURES)}/draw_classes.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=CODE.of("draw_classes"),
    script:
        "../scripts/draw_classes.py"


rule draw_sweep:
    """Draw the points of a study's sweep as parallel coordinates."""
    input:
        table=tables_of("{study}")["csv"],
    output:
        picture=f"{FIGURES}/sweep.svg",
    log:
        "logs/draw_sweep/{study}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=CODE.of("draw_sweep"),
        title=lambda w: CONFIG.studies[w.study].title,
        metric=lambda w: CONFIG.studies[w.study].primary,
        empty=lambda w: CONFIG.studies[w.study].empty,
        points=lambda w: sweep_points(CONFIG, w.study),
    script:
        "../scripts/draw_sweep.py"


PARTS = ReportParts(
    CONFIG,
    Patterns(
        samples=rules.samples.output.samples,
        folds=rules.split.output.folds,
        verdict=rules.check_leaks.output.verdict,
        losses=rules.draw_curves.output.losses,
        pictures={
            "curves": rules.draw_curves.output.picture,
            "sweep": rules.draw_sweep.output.picture,
            "overlays": rules.draw_overlays.output.picture,
            **rules.draw_classes.output,
        },
        exploration={
            kind: path
            for kind, path in rules.explore_dataset.output.items()
            if kind not in ("clusters", "cost")
        },
    ),
)
COSTS = {name: getattr(rules, name).output.cost for name in COSTED}


rule report:
    """Gather everything on one page that works offline."""
    input:
        parts=PARTS.files(),
        explorations=rules.explore.input,
        costs=lambda w: cost_files(CONFIG, ARMS, COSTS),
        inventory=lambda w: manifests(CONFIG, rules.inventory.output.manifest),
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
        code=CODE.of("report"),
        parts=as_params(PARTS.studies),
        explorations=as_params(PARTS.explorations),
        config=resolved_config(CONFIG),
        configfiles=[file.name for file in MAIN],
        codes={
            **{
                name: CODE.with_networks_of(name, CONFIG.models)
                for name in ("train", "predict", "segment")
            },
            **{name: CODE.of(name) for name in ("score", "tabulate")},
        },
    script:
        "../scripts/report.py"
