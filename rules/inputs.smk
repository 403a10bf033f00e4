"""Input functions and parameters of single rules, in the order of the stages."""

from segbench.inference.images import write_manifest
from segbench.inference.request import USAGE, read_request
from segbench.reporting.pictures import kinds_of
from segbench.stages import STAGES


def acquire_code(w):
    """The code of the source that is chosen: the generator's only for generated data."""
    name = CONFIG.datasets[w.dataset].format
    made = CONFIG.datasets[w.dataset].source == "generated"
    modules = [f"segbench.datasets.{name}"]
    return code("acquire", *modules, *[f"segbench.datasets.miniature.{name}"] * made)


def appearance_of(w):
    """The images that look alike, where the protocol balances the folds by them."""
    by = CONFIG.datasets[w.dataset].protocols[w.protocol].stratify_by
    return f"{DATA}/explore/appearance.tsv".format(**w) if by == "appearance" else []


def fold_models(w):
    """The networks that predict: the fold's own, or those of all folds."""
    if w.fold != "ensemble":
        return f"{RUN}/model.keras".format(**w)
    return [f"{RUN}/model.keras".format(**{**w, "fold": n}) for n in folds_of(w)]


@lru_cache(maxsize=None)
def studies_by_arm():
    """The names of each arm, as wildcards give them -> the studies that have it."""
    found = {}
    for name in CONFIG.studies:
        for arm in CONFIG.arms(name):
            found.setdefault(tuple(map(str, arm)), []).append(name)
    return {arm: tuple(names) for arm, names in found.items()}


def studies_of(w):
    """The names of the studies that a run serves."""
    return studies_by_arm().get(tuple(w[key] for key in Arm._fields), ())


@lru_cache(maxsize=None)
def metrics_asked(studies):
    """All metrics that some studies ask for; one list for all runs of the same studies."""
    return sorted(
        {metric for name in studies for metric in CONFIG.studies[name].metrics}
    )


def metrics_of(w):
    """All metrics that the studies of a run ask for."""
    return metrics_asked(studies_of(w))


def empty_of(w):
    """The policy for empty masks of a run; the config check made its studies agree on it."""
    return CONFIG.studies[studies_of(w)[0]].empty


def jobs_of(study, arm):
    """The jobs of an arm, as wildcards, by what a stage has one job for."""
    names = arm._asdict()
    shards = [{**names, "shard": n} for n in range(CONFIG.datasets[arm.dataset].shards)]
    scored = [{**names, "fold": n} for n in scored_folds(study, arm)]
    amplified = CONFIG.augmentation[arm.augmentation].amplification is not None
    return {
        "dataset": [names],
        "shard": shards,
        "amplified shard": shards * amplified,
        "fold": [{**names, "fold": n} for n in folds_of(arm)],
        "scored fold": scored,
        "segmented fold": scored * (not is_classified(study)),
    }


def costs(w):
    """The costs of every heavy job of every study, each once."""
    patterns = [
        (stage.per, getattr(rules, stage.name).output.cost)
        for stage in STAGES.values()
        if stage.cost
    ]
    found = set()
    for study in CONFIG.studies:
        for arm in CONFIG.arms(study):
            jobs = jobs_of(study, arm)
            for per, pattern in patterns:
                found.update(pattern.format(**names) for names in jobs[per])
    return sorted(found)


def is_classified(study):
    """Whether whole images are classified: then there is nothing to lay over an image."""
    return CONFIG.datasets[CONFIG.studies[study].dataset].task == "classification"


def of_arms(pattern, study):
    """A picture of every arm of a study."""
    return [pattern.format(study=study, **arm._asdict()) for arm in CONFIG.arms(study)]


def pictures(study, per_arm):
    """File of each picture that a study, or each of its arms, has -> path with wildcards."""
    patterns = {
        "curves": rules.draw_curves.output.picture,
        "sweep": rules.draw_sweep.output.picture,
        "overlays": rules.draw_overlays.output.picture,
        **rules.draw_classes.output,
    }
    recipe = CONFIG.studies[study]
    return {
        name: patterns[name]
        for kind in kinds_of(recipe, CONFIG.datasets[recipe.dataset])
        for name in kind.files
        if kind.per_arm == per_arm
    }


def sweep_points(study):
    """Name of each model of a sweep -> its hyper-parameters, and the recipe it is made from."""
    names = [name for name in CONFIG.studies[study].models if name in CONFIG.points]
    several = len({name.split("--")[0] for name in names}) > 1
    return {
        name: {
            **({"model": name.split("--")[0]} if several else {}),
            **CONFIG.points[name],
        }
        for name in names
    }


def explorations():
    """Per dataset: where the parts of its exploration are."""
    patterns = dict(rules.explore_dataset.output.items())
    for other in ("clusters", "cost"):
        patterns.pop(other)
    summary = patterns.pop("summary")
    return {
        name: {
            "summary": summary.format(dataset=name),
            "pictures": {
                kind: path.format(dataset=name) for kind, path in patterns.items()
            },
        }
        for name in CONFIG.datasets
    }


def sheets_of(study):
    """The samples, folds and verdict of a study."""
    arm = CONFIG.arms(study)[0]._asdict()
    return {
        "samples": rules.samples.output.samples.format(**arm),
        "folds": rules.split.output.folds.format(**arm),
        "verdict": rules.check_leaks.output.verdict.format(**arm),
    }


def arms_parts(study):
    """The pictures of each arm of a study."""
    patterns = pictures(study, per_arm=True)
    return [
        {
            "names": {key: str(name) for key, name in arm._asdict().items()},
            "pictures": {
                name: path.format(study=study, **arm._asdict())
                for name, path in patterns.items()
            },
        }
        for arm in CONFIG.arms(study)
    ]


def pages_parts():
    """Per study: where the parts of its section are."""
    return {
        study: {
            **sheets_of(study),
            "tables": {kind: f"tables/{study}.{kind}" for kind in TABLE_FORMATS},
            "losses": rules.draw_curves.output.losses.format(study=study),
            "pictures": {
                name: path.format(study=study)
                for name, path in pictures(study, per_arm=False).items()
            },
            "arms": arms_parts(study),
        }
        for study in CONFIG.studies
    }


def pages_pictures():
    """All pictures of all studies."""
    return [
        path
        for parts in pages_parts().values()
        for owner in (parts, *parts["arms"])
        for path in owner["pictures"].values()
    ]


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


#: What `--config images=FOLDER model=STUDY/best` asks for; None: nothing.
REQUEST = read_request(CONFIG, BASE)
APPLIED = f"applied/{REQUEST.name if REQUEST else 'nothing'}"


def applied_request():
    """What is to be applied; an error if nothing is."""
    if REQUEST is None:
        raise SegbenchError(
            "nothing to apply: neither images= nor model= is given",
            "a folder of new images and a trained model",
            USAGE,
        )
    return REQUEST


def applied_images(w):
    """The list of the new images; it is brought up to date before the DAG is built."""
    return f"inventory/applied/{applied_request().name}.tsv"


def applied_models(w):
    """The networks that are applied, or among which the study's table chooses."""
    request = applied_request()
    return [
        f"{RUN}/model.keras".format(**arm._asdict(), fold=fold)
        for arm in request.arms
        for fold in request.folds(CONFIG, arm)
    ]


def applied_table(w):
    """The table that says which arm is the best, where that is asked for."""
    request = applied_request()
    return f"tables/{request.study}.csv" if request.best else []


def applied_settings(w):
    """Recipes, labels and folders of what is applied."""
    return applied_request().settings(CONFIG)


if REQUEST is not None and workflow.is_main_process:
    write_manifest(
        REQUEST.images,
        Path(applied_images(None)),
        Path(f".segbench/applied/{REQUEST.name}.json"),
    )


def about_dataset(w):
    """What the metadata say of a dataset, as it stands in its config."""
    dataset = CONFIG.datasets[w.dataset]
    said = {name: getattr(dataset, name) for name in ("title", "licence", "citation")}
    if dataset.source == "generated":
        said["title"] = f"{said['title']} (generated miniature)"
        said["licence"] = "generated by segbench, not the publisher's images"
    return said


def of_segmentations(pattern):
    """A file of every arm and scored fold of all studies but those of classified images."""
    return sorted(
        {
            pattern.format(**arm._asdict(), fold=fold)
            for name, study in CONFIG.studies.items()
            if CONFIG.datasets[study.dataset].task != "classification"
            for arm in CONFIG.arms(name)
            for fold in scored_folds(name, arm)
        }
    )


def submissions():
    """Where the competition's file of every arm on its data belongs."""
    return [
        f"{ARM}/submission.csv".format(**arm._asdict())
        for study in CONFIG.studies
        for arm in CONFIG.arms(study)
        if CONFIG.datasets[arm.dataset].format == "uw_madison"
    ]
