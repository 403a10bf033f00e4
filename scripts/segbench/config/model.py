"""Model recipes: config/models/NAME.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segbench.config.base import Count, Fraction, Strict


class UNet(Strict):
    """The network (Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28)."""

    kind: Literal["unet"] = Field("unet", description="The family of networks.")
    depth: Count = Field(4, description="Levels below the first, i.e. number of poolings.")
    width: Count = Field(16, description="Filters of the first level.")
    width_growth: Literal["double", "constant"] = Field(
        "double", description="Filters of each next level: twice as many, or the same."
    )
    kernel: Count = Field(3, description="Side of the convolution kernels.")
    normalisation: Literal["none", "batch", "group", "instance"] = Field(
        "group", description="After each convolution; group does not depend on batch or steps."
    )
    dropout: Fraction = Field(0.0, description="At each level's end.")
    upsampling: Literal["transposed", "resize"] = Field(
        "transposed", description="Transposed convolution, or nearest pixel and convolution."
    )
    deep_supervision: bool = Field(False, description="Auxiliary heads at the coarser levels.")


class Loss(Strict):
    """What is minimised."""

    name: Literal["bce", "dice", "bce_dice", "ce_dice", "focal"] = Field(
        "bce_dice",
        description="Binary or categorical cross-entropy, Dice, their weighted sums, or focal.",
    )
    dice_weight: Fraction = Field(0.5, description="Of the Dice part in the sums.")
    smooth: float = Field(1.0, ge=0, description="Added to both sides of the Dice fraction.")
    focal_gamma: float = Field(2.0, ge=0, description="focal only: 0 is cross-entropy.")


class Optimizer(Strict):
    """How it is minimised."""

    name: Literal["adam", "adamw", "sgd", "adadelta"] = Field(
        "adam", description="The rule of the steps."
    )
    learning_rate: float = Field(1e-3, gt=0, description="At full height of the schedule.")
    weight_decay: float = Field(
        0.0, ge=0, description="Decoupled from the gradient, for any of them."
    )
    momentum: Fraction = Field(0.9, description="sgd only.")
    clip_norm: float | None = Field(
        None, gt=0, description="Longest gradient, all weights together; null: any length."
    )


class Schedule(Strict):
    """The learning rate over the epochs."""

    name: Literal["constant", "cosine", "polynomial", "steps"] = Field(
        "constant", description="cosine and polynomial fall to 0 at the last epoch."
    )
    warmup_epochs: int = Field(0, ge=0, description="Epochs of linear rise at the start.")
    power: float = Field(0.9, gt=0, description="polynomial only.")
    steps: tuple[tuple[Count, float], ...] = Field(
        (), description="steps only: (from epoch, learning rate), epochs counted from 1."
    )


class EarlyStopping(Strict):
    """Stop when the monitored figure has not improved for `patience` epochs."""

    patience: Count = Field(10, description="Epochs without improvement.")
    min_delta: float = Field(0.0, ge=0, description="Smaller improvements do not count.")


class Training(Strict):
    """The loop."""

    batch: Count = Field(8, description="Images or patches a step.")
    epochs: Count = Field(50, description="At most; early stopping may end before.")
    steps_per_epoch: Count | None = Field(
        None, description="null: each training sample once an epoch."
    )
    patch: tuple[Count, Count] | None = Field(
        None, description="Random crops of this height and width; null: whole images."
    )
    optimizer: Optimizer = Field(Optimizer(), description="How the loss is minimised.")
    schedule: Schedule = Field(Schedule(), description="The course of the learning rate.")
    early_stopping: EarlyStopping | None = Field(
        None, description="Monitors what best_epoch names (last: val_loss); null: all epochs."
    )
    best_epoch: Literal["val_loss", "val_dice", "last"] = Field(
        "val_dice", description="Which epoch's weights are kept; judged on validation only."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto: bfloat16 where the hardware computes in it."
    )
    deterministic: bool = Field(True, description="Bit-identical reruns.")


class Prediction(Strict):
    """How a trained network is applied."""

    tile: tuple[Count, Count] | None = Field(None, description="null: the training patch.")
    overlap: Fraction = Field(0.5, description="Of neighbouring tiles.")
    flips: bool = Field(False, description="Average over the mirrored images.")
    rotations: bool = Field(False, description="Average over quarter turns.")
    batch: Count = Field(8, description="Tiles at a time.")


class Instances(Strict):
    """How the predicted maps become a label map or objects."""

    method: Literal["none", "components", "watershed"] = Field(
        "none", description="none: a label map; the others number the objects."
    )
    threshold: Fraction = Field(0.5, description="Of the foreground probability.")
    seed_threshold: Fraction = Field(0.5, description="watershed: of the seed map.")
    minimum_px: int = Field(0, ge=0, description="Smaller objects are removed.")
    fill_holes: bool = Field(False, description="Holes inside an object belong to it.")


class Model(Strict):
    """One model recipe: network, target, loss, training, prediction, objects."""

    description: str = Field("", description="One line for the reports.")
    network: UNet = Field(UNet(), description="The network.")
    target: Literal["classes", "foreground", "foreground_boundary", "foreground_distance"] = Field(
        "classes",
        description="classes: the label map; the others are made from an instance map.",
    )
    boundary_px: Count = Field(2, description="Width of the boundary target.")
    loss: Loss = Field(Loss(), description="What the training minimises.")
    training: Training = Field(
        Training(), description="Steps, epochs, optimizer, choice of the epoch."
    )
    prediction: Prediction = Field(Prediction(), description="How the network is applied.")
    instances: Instances = Field(Instances(), description="From maps to objects.")
