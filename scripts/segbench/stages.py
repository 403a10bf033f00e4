"""The stages of the workflow, each once: a stage is a rule and the script of its name.

Whoever must know something of a stage by its name looks here: the slices of the config that
enter its parameters, what it asks for, what it costs, how `explain` names its parameters and
in which order stages are listed. docs/how-to/add-a-stage.md adds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What a stage has one job for; of an arm, see `segbench.config.Arm`.
Per = Literal[
    "dataset", "shard", "amplified shard", "protocol", "fold", "scored fold", "segmented fold",
    "arm", "study", "workflow",
]  # fmt: skip


@dataclass(frozen=True)
class Load:
    """Memory and time of a stage without a network, fitted on docs/reference/resources.md.

    Such a stage holds a few samples at a time, so its memory goes with the largest sample and
    its time with all samples.

    Attributes
    ----------
    base_mb : float
        With nothing read, imports included, in MiB.
    pixel_bytes : float
        Per pixel of the largest sample and per thread.
    channel_bytes : float
        The same per channel of the image, for stages that read images.
    sample_bytes : float
        Per sample, for what is kept of all of them: rows, digests.
    start_s : float
        Expected seconds with nothing to do.
    seconds_per_megapixel : float
        Expected, over all samples; formats and recipes differ by up to ten times.
    table_factor, seconds_per_table_mb : float
        Bytes per byte and seconds per megabyte of a table that is held whole.
    samples : {"all", "shard", "test"}
        The samples that a job works on.
    """

    base_mb: float
    pixel_bytes: float
    channel_bytes: float
    sample_bytes: float
    start_s: float
    seconds_per_megapixel: float
    table_factor: float = 0
    seconds_per_table_mb: float = 0
    samples: Literal["all", "shard", "test"] = "test"


@dataclass(frozen=True)
class Stage:
    """What must be known of a stage.

    Attributes
    ----------
    name : str
        Of its rule and of its script.
    title : str
        What it does, for readers.
    per : str
        What it has one job for.
    params : mapping of str to str
        Parameter of the rule -> part of the config that it is a slice of: a wildcard, then
        keys in that recipe, e.g. ``augmentation.jitter``. Not listed: digests of code, and
        what is no recipe's.
    model : tuple of str
        Parts of the model recipe in its parameters; keys below a part follow a dot.
    cost : bool
        Whether its jobs write a cost that the report sums up.
    network : bool
        Whether it computes a network, on a GPU where there is one.
    load : Load or None
        What its jobs need; None: little, or a network.
    seconds : float or None
        Expected seconds where neither `load` nor a network tells; None: not known.
    """

    name: str
    title: str
    per: Per
    params: Mapping[str, str] = field(default_factory=dict)
    model: tuple[str, ...] = ()
    cost: bool = False
    network: bool = False
    load: Load | None = None
    seconds: float | None = None


_DATASET = {"dataset": "dataset"}
_STUDY = {"study": "study"}

_ALL = (
    Stage("inspect_folder", "look at a folder of images", "workflow"),
    Stage("acquire", "fetch or generate the raw files", "dataset", _DATASET),
    Stage("inventory", "list the raw files with their digests", "shard",
          {**_DATASET, "shards": "dataset.shards"}),
    Stage("index", "list the samples of a shard", "shard", _DATASET),
    Stage("samples", "join the lists of samples", "dataset", seconds=0.2),
    Stage("truth", "keep the labels at original size", "shard", _DATASET, cost=True,
          load=Load(120, 16, 0, 20_000, 0.4, 0.05, samples="shard")),
    Stage("explore_dataset", "describe a dataset in numbers and pictures", "dataset", _DATASET,
          cost=True, load=Load(230, 24, 16, 200_000, 3.0, 1.0, samples="all")),
    Stage("preprocess", "prepare images and labels", "shard",
          {**_DATASET, "recipe": "preprocessing"}, cost=True,
          load=Load(120, 16, 24, 20_000, 0.4, 0.25, samples="shard")),
    Stage("amplify", "make poses and shifts of the samples", "amplified shard",
          {"recipe": "augmentation.amplification"}, cost=True,
          load=Load(120, 12, 8, 20_000, 0.4, 0.01, samples="shard")),
    Stage("split", "split the samples into folds", "protocol", {"protocol": "protocol"},
          seconds=0.2),
    Stage("check_leaks", "check that no group is on two sides", "protocol",
          load=Load(120, 4, 4, 50_000, 0.2, 0.01, samples="all")),
    Stage("train", "fit a network", "fold", {"recipe": "model", "jitter": "augmentation.jitter"},
          ("network", "target", "boundary_px", "loss", "training"), cost=True, network=True),
    # A network computes as it was trained, and the patch is the tile where none is given.
    Stage("predict", "apply networks to the test samples", "scored fold",
          {"recipe": "model", "folds": "protocol.folds"},
          ("network", "target", "training.patch", "training.precision", "training.deterministic",
           "prediction"), cost=True, network=True),
    Stage("segment", "decide on labels", "scored fold", {"recipe": "model"},
          ("target", "instances", "decision"), cost=True,
          load=Load(150, 40, 0, 20_000, 0.3, 0.03)),
    Stage("score", "compare with the truth", "scored fold", cost=True,
          load=Load(170, 40, 0, 50_000, 0.3, 0.1)),
    Stage("measure", "measure objects", "segmented fold", _DATASET, cost=True,
          load=Load(180, 100, 12, 200_000, 0.5, 1.0)),
    # Of 442,000 objects, 21 MB of table: 3.9 GB and a quarter of an hour.
    Stage("describe", "describe objects in RDF", "segmented fold", {"about": "dataset"}, cost=True,
          load=Load(300, 24, 0, 100_000, 0.8, 0.5, 200, 40)),
    Stage("submit", "write a competition's file", "arm"),
    Stage("tabulate", "write the table of a study", "study", _STUDY, seconds=0.5),
    Stage("draw_curves", "draw curves of training", "study", seconds=0.6),
    Stage("draw_overlays", "lay segmentations over images", "arm", _STUDY, seconds=2),
    Stage("draw_classes", "draw what classifiers confuse", "arm", seconds=2),
    Stage("draw_sweep", "draw a sweep", "study", seconds=0.5),
    Stage("report", "write the report", "workflow", seconds=1),
    Stage("apply_model", "segment new images", "workflow", network=True),
    Stage("apply", "lay new segmentations over their images", "workflow"),
)  # fmt: skip

#: All stages by name, in the order in which they run.
STAGES = {stage.name: stage for stage in _ALL}
