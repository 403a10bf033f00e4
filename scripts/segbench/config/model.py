"""Model recipes: config/models/NAME.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segbench.config.base import Count, Fraction, Strict


class UNet(Strict):
    """The network (Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28)."""

    kind: Literal["unet"] = "unet"
    depth: Count = Field(4, description="Levels below the first, i.e. number of poolings.")
    width: Count = Field(16, description="Filters of the first level; doubled at each level.")
    width_growth: Literal["double", "constant"] = "double"
    kernel: Count = Field(3, description="Side of the convolution kernels.")
    normalisation: Literal["none", "batch", "group", "instance"] = "group"
    dropout: Fraction = Field(0.0, description="At each level's end.")
    upsampling: Literal["transposed", "resize"] = "transposed"
    deep_supervision: bool = Field(False, description="Auxiliary heads at the coarser levels.")


class Loss(Strict):
    """What is minimised."""

    name: Literal["bce", "dice", "bce_dice", "ce_dice", "focal"] = "bce_dice"
    dice_weight: Fraction = Field(0.5, description="Of the Dice part in the sums.")
    smooth: float = Field(1.0, ge=0, description="Added to both sides of the Dice fraction.")
    focal_gamma: float = Field(2.0, ge=0)


class Optimizer(Strict):
    """How it is minimised."""

    name: Literal["adam", "adamw", "sgd", "adadelta"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    momentum: Fraction = Field(0.9, description="sgd only.")
    clip_norm: float | None = Field(None, gt=0)


class Schedule(Strict):
    """The learning rate over the epochs."""

    name: Literal["constant", "cosine", "polynomial", "steps"] = "constant"
    warmup_epochs: int = Field(0, ge=0)
    power: float = Field(0.9, gt=0, description="polynomial only.")
    steps: tuple[tuple[Count, float], ...] = Field(
        (), description="steps only: (from epoch, learning rate), epochs counted from 1."
    )


class EarlyStopping(Strict):
    """Stop when the monitored figure has not improved for `patience` epochs."""

    patience: Count = 10
    min_delta: float = Field(0.0, ge=0)


class Training(Strict):
    """The loop."""

    batch: Count = 8
    epochs: Count = 50
    steps_per_epoch: Count | None = Field(
        None, description="null: each training sample once an epoch."
    )
    patch: tuple[Count, Count] | None = Field(
        None, description="Random crops of this height and width; null: whole images."
    )
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    early_stopping: EarlyStopping | None = None
    best_epoch: Literal["val_loss", "val_dice", "last"] = Field(
        "val_dice", description="Which epoch's weights are kept; judged on validation only."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    deterministic: bool = Field(True, description="Bit-identical reruns.")


class Prediction(Strict):
    """How a trained network is applied."""

    tile: tuple[Count, Count] | None = Field(None, description="null: the training patch.")
    overlap: Fraction = Field(0.5, description="Of neighbouring tiles.")
    flips: bool = Field(False, description="Average over the mirrored images.")
    rotations: bool = Field(False, description="Average over quarter turns.")
    batch: Count = 8


class Instances(Strict):
    """How the predicted maps become a label map or objects."""

    method: Literal["none", "components", "watershed"] = Field(
        "none", description="none: a label map; the others number the objects."
    )
    threshold: Fraction = Field(0.5, description="Of the foreground probability.")
    seed_threshold: Fraction = Field(0.5, description="watershed: of the seed map.")
    minimum_px: int = Field(0, ge=0, description="Smaller objects are removed.")
    fill_holes: bool = False


class Model(Strict):
    """One model recipe: network, target, loss, training, prediction, objects."""

    description: str = ""
    network: UNet = UNet()
    target: Literal["classes", "foreground", "foreground_boundary", "foreground_distance"] = Field(
        "classes",
        description="classes: the label map; the others are made from an instance map.",
    )
    boundary_px: Count = Field(2, description="Width of the boundary target.")
    loss: Loss = Loss()
    training: Training = Training()
    prediction: Prediction = Prediction()
    instances: Instances = Instances()
