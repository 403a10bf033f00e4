"""GPUs: how many a training and a prediction ask for; none for what the store has already.

On a cluster, a job whose work is found in the store asks for no GPU, so it does not queue
for one. It is looked up when the job is ready to be submitted: then its inputs are there.
"""

from segbench.provenance.lookup import Lookup
from segbench.provenance.store import Store

LOOKUP = Lookup(Store(CONFIG.store()))


def train_recipe(w):
    """What the training reads of its model recipe."""
    return model_slice(CONFIG.models[w.model], "train")


def train_jitter(w):
    """The random changes of the training images."""
    return plain(CONFIG.augmentation[w.augmentation].jitter)


def predict_recipe(w):
    """What the prediction reads of the model recipe."""
    return model_slice(CONFIG.models[w.model], "predict")


def predict_folds(w):
    """The number of folds, whose networks an ensemble has."""
    return CONFIG.datasets[w.dataset].protocols[w.protocol].folds


#: All parameters of the rules that use a GPU: a job is known by them before it is queued.
GPU_PARAMS = {
    "train": {"recipe": train_recipe, "jitter": train_jitter},
    "predict": {"recipe": predict_recipe, "folds": predict_folds},
}


def is_submitted():
    """Whether jobs go to a cluster; in a dry run, whether they would."""
    return not workflow.local_exec or workflow.resource_settings.nodes is not None


def gpus_granted():
    """GPUs that the job of a cluster got in which this runs."""
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return len(set(shown.split(",")) - {"", "-1", "NoDevFiles"})


def gpus_wanted(rule_name):
    """GPUs of a training or a prediction where the profile says nothing.

    A training is one process on all of them; a prediction uses one.
    """
    if not workflow.is_main_process:
        count = gpus_granted()
    elif CONFIG.main.gpus is not None:
        count = CONFIG.main.gpus
    else:
        count = int(is_submitted())
    return count if rule_name == "train" else min(count, 1)


def is_stored(rule_name, w, input):
    """Whether a job is submitted to a cluster only to be restored there."""
    if workflow.local_exec or not workflow.is_main_process:
        return False
    params = {name: ask(w) for name, ask in GPU_PARAMS[rule_name].items()}
    files = {
        name: [paths] if isinstance(paths, str) else list(paths)
        for name, paths in input.items()
    }
    return LOOKUP.holds(
        BASE / f"scripts/{rule_name}.py",
        files,
        {"code": code(rule_name), **params},
        dict(w),
    )


def training_gpus(w, input):
    """GPUs that a training asks for."""
    return 0 if is_stored("train", w, input) else gpus_wanted("train")


def prediction_gpus(w, input):
    """GPUs that a prediction asks for."""
    return 0 if is_stored("predict", w, input) else gpus_wanted("predict")
