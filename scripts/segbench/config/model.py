"""Model recipes: config/models/NAME.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segbench.models.losses import Loss
from segbench.models.networks import OneNetwork
from segbench.models.networks.unet import UNet
from segbench.models.optimizers import Optimizer
from segbench.models.schedules import Schedule
from segbench.strict import Below1, Count, Fraction, Sides, Strict


class EarlyStopping(Strict):
    """Stop when the monitored figure has not improved for `patience` epochs."""

    patience: Count = Field(10, description="Epochs without improvement.")
    min_delta: float = Field(0.0, ge=0, description="Smaller improvements do not count.")


class Sampling(Strict):
    """Where random patches are cut."""

    by: Literal["uniform", "foreground", "classes"] = Field(
        "uniform",
        description="foreground: around a random pixel of any class; classes: around a random "
        "pixel of a class drawn evenly among those that the training samples hold.",
    )
    share: Fraction = Field(
        0.33, description="Of the patches of a batch; the others are cut anywhere."
    )


class Training(Strict):
    """The loop."""

    batch: Count = Field(8, description="Images or patches per step.")
    epochs: Count = Field(50, description="At most; early stopping may end before.")
    steps_per_epoch: Count | None = Field(
        None, description="null: each training sample once per epoch."
    )
    patch: Sides | None = Field(
        None,
        description="Random crops of this height and width, of volumes depth, height and width; "
        "null: whole images.",
    )
    sampling: Sampling = Field(Sampling(), description="Where the crops are cut.")
    share: Fraction = Field(
        1.0,
        description="Share of the training groups that is used, at least one; smaller shares are "
        "parts of larger ones.",
    )
    empty_images: Literal["keep", "drop"] = Field(
        "keep", description="Training samples without any object; validation keeps them always."
    )
    optimizer: Optimizer = Field(Optimizer(), description="How the loss is minimised.")
    schedule: Schedule = Field(Schedule(), description="The course of the learning rate.")
    early_stopping: EarlyStopping | None = Field(
        None, description="Monitors what best_epoch names (last: val_loss); null: all epochs."
    )
    best_epoch: Literal["val_loss", "val_dice", "val_accuracy", "last"] = Field(
        "val_dice",
        description="Which epoch's weights are kept; judged on validation only. val_accuracy: "
        "classification.",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto: bfloat16 where the hardware computes in it."
    )
    deterministic: bool = Field(True, description="Bit-identical reruns.")


class Prediction(Strict):
    """How a trained network is applied."""

    tile: Sides | None = Field(None, description="null: the training patch.")
    overlap: Below1 = Field(0.5, description="Of neighbouring tiles.")
    blend: Literal["hann", "gaussian"] = Field(
        "hann", description="How tiles count towards their borders; gaussian: sd 1/8 of the side."
    )
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


class Decision(Strict):
    """From the probabilities of an image's classes to its class."""

    favour: tuple[str, ...] = Field(
        (), description="Classes whose recall matters most, the first before the next."
    )
    threshold: Fraction = Field(
        0.5, description="A favoured class wins from this probability on; else the likeliest."
    )


#: Targets of which each pixel depends on that pixel of the label alone.
LOCAL_TARGETS = ("classes", "foreground")

#: Training samples that take more bytes than this are read window by window.
MEMORY_BYTES = 4 * 2**30


class Model(Strict):
    """One model recipe: network, target, loss, training, prediction, objects."""

    description: str = Field("", description="One line for the reports.")
    network: OneNetwork = Field(UNet(), description="The network.")
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
    decision: Decision = Field(Decision(), description="Classification: from maps to a class.")
