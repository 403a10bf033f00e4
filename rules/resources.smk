"""What jobs ask for: memory, memory of a GPU, minutes; predicted, and more at each attempt.

`resources:` of a rule names these functions. They are asked for every job that is planned, so
what they compute is kept. Before a dataset's samples.tsv is there the config alone is asked.
"""

from segbench.resources import (
    fingerprint,
    predict_needs,
    read_sheet,
    stage_needs,
    training_needs,
)


def gpus_of(rule_name):
    """GPUs that a rule's jobs get: what a profile sets for it, else what `gpus_wanted` says.

    A job that is found in the store asks for none, but needs no more without one.
    """
    asked = workflow.get_rule(rule_name).resources.get("gpu")
    if asked is not None and not asked.is_evaluable():
        return int(asked.value or 0)
    return gpus_wanted(rule_name)


@lru_cache(maxsize=None)
def print_of(dataset, protocol, preprocessing, augmentation, sheet):
    """What is known of the samples of an arm."""
    return fingerprint(
        CONFIG.datasets[dataset],
        CONFIG.datasets[dataset].protocols[protocol],
        CONFIG.preprocessing[preprocessing],
        CONFIG.augmentation[augmentation],
        sheet,
    )


@lru_cache(maxsize=None)
def needs_of(rule_name, dataset, protocol, preprocessing, augmentation, model, *more):
    """What a job of an arm needs; `more`: sheet, networks, GPUs, threads, table's bytes."""
    sheet, networks, gpus, threads, table_bytes = more
    known = print_of(dataset, protocol, preprocessing, augmentation, sheet)
    if rule_name == "train":
        jitter = CONFIG.augmentation[augmentation].jitter
        recipe = CONFIG.models[model]
        return training_needs(recipe, known, jitter, gpus=gpus, threads=threads)
    if rule_name == "predict":
        options = {"networks": networks, "gpus": gpus, "threads": threads}
        return predict_needs(CONFIG.models[model], known, **options)
    return stage_needs(rule_name, known, threads=threads, table_bytes=table_bytes)


@lru_cache(maxsize=None)
def arm_of(dataset):
    """Any arm of a dataset: of what the rules before the folds need, all say the same."""
    study = next(
        name for name in CONFIG.studies if CONFIG.studies[name].dataset == dataset
    )
    return CONFIG.arms(study)[0]


def objects_bytes(w):
    """Bytes of the table of a run's objects; 0 before it is there."""
    table = Path(rules.measure.output.objects.format(**w))
    return table.stat().st_size if table.exists() else 0


def needs(rule_name, w, attempt, threads):
    """What a job needs: a rule of which some wildcards are of no matter has not all."""
    arm = arm_of(w.dataset)
    names = [
        w.get(key, getattr(arm, key))
        for key in ("dataset", "protocol", "preprocessing", "augmentation", "model")
    ]
    networks = len(folds_of(w)) if w.get("fold") == "ensemble" else 1
    sheet = read_sheet(f"{DATA}/samples.tsv".format(dataset=w.dataset))
    gpus = gpus_of(rule_name) if rule_name in ("train", "predict") else 0
    size = objects_bytes(w) if rule_name == "describe" else 0
    return needs_of(rule_name, *names, sheet, networks, gpus, threads, size).at(attempt)


def memory(rule_name):
    """Memory that jobs of a rule ask for, in MiB."""

    def mem_mb(w, attempt, threads):
        return needs(rule_name, w, attempt, threads).mem_mb

    return mem_mb


def minutes(rule_name):
    """Time that jobs of a rule ask for, in minutes."""

    def runtime(w, attempt, threads):
        return needs(rule_name, w, attempt, threads).runtime_min

    return runtime


def gpu_memory(rule_name):
    """Memory of each GPU that jobs of a rule ask for, in MiB; 0 on a CPU."""

    def gpu_mem_mb(w, attempt, threads):
        return needs(rule_name, w, attempt, threads).gpu_mem_mb

    return gpu_mem_mb
