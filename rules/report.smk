"""Report: one offline folder with the tables, curves, overlays, and what ran where.

REQUIRED INPUTS: the tables, histories, segmentations and costs of every study
OUTPUTS:
    results/figures/STUDY/*               learning curves and overlays
    report/index.html                     everything, self-contained in its folder
    report/manifest.json                  what the figures depend on, for machines
"""

OVERLAYS = f"results/figures/{{study}}/{ARM.removeprefix('results/')}"


def costs(w):
    """The costs of every heavy job of every study, each once."""
    found = set()
    for study in CONFIG.studies:
        for arm in CONFIG.arms(study):
            names = {
                **arm._asdict(),
                "shard": range(CONFIG.datasets[arm.dataset].shards),
            }
            stages = [rules.truth, rules.preprocess]
            if CONFIG.augmentation[arm.augmentation].amplification is not None:
                stages.append(rules.amplify)
            for stage in stages:
                found.update(expand(stage.output.cost, **names))
            found.update(expand(rules.train.output.cost, **names, fold=folds_of(arm)))
            scored = scored_folds(study, arm)
            for stage in (rules.predict, rules.segment, rules.score):
                found.update(expand(stage.output.cost, **names, fold=scored))
    return sorted(found)


def overlays_of(study):
    """The pictures of all arms of a study."""
    return [
        f"{OVERLAYS}/overlays.png".format(study=study, **arm._asdict())
        for arm in CONFIG.arms(study)
    ]


def sheets_of(study):
    """The samples, folds and verdict of a study."""
    arm = CONFIG.arms(study)[0]._asdict()
    return {
        "samples": rules.samples.output.samples.format(**arm),
        "folds": rules.split.output.folds.format(**arm),
        "verdict": rules.check_leaks.output.verdict.format(**arm),
    }


def pages_parts():
    """Per study: where the parts of its section are."""
    return {
        study: {
            **sheets_of(study),
            "tables": {kind: f"tables/{study}.{kind}" for kind in TABLE_FORMATS},
            "curves": rules.draw_curves.output.picture.format(study=study),
            "overlays": overlays_of(study),
        }
        for study in CONFIG.studies
    }


def resolved_config():
    """Everything that the config says, as plain data."""
    kinds = ("datasets", "preprocessing", "augmentation", "models", "studies")
    return {
        kind: {
            name: item.model_dump(mode="json")
            for name, item in getattr(CONFIG, kind).items()
        }
        for kind in kinds
    }


rule draw_curves:
    """Draw the learning curves of all arms of a study in one picture."""
    input:
        histories=of_study(rules.train.output.history, lambda study, arm: folds_of(arm)),
    output:
        picture="results/figures/{study}/curves.svg",
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


rule report:
    """Gather everything on one page that works offline."""
    input:
        tables=rules.tables.input,
        curves=expand(rules.draw_curves.output.picture, study=CONFIG.studies),
        overlays=[path for study in CONFIG.studies for path in overlays_of(study)],
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
    log:
        "logs/report.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("report"),
        parts=pages_parts(),
        config=resolved_config(),
        configfiles=[file.name for file in MAIN],
        codes={
            rule: code(rule)
            for rule in ("train", "predict", "segment", "score", "tabulate")
        },
    script:
        "../scripts/report.py"
