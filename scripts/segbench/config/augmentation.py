"""Augmentation recipes: config/augmentation/NAME.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from segbench.strict import Count, Fraction, Strict

Range = tuple[float, float]


class Amplification(Strict):
    """Deterministic copies, made once: the original, and rotations x flips x shifts."""

    rotations_degrees: tuple[Literal[0, 90, 180, 270], ...] = Field(
        (0, 90, 180, 270), description="Quarter turns, counter-clockwise."
    )
    flips: tuple[Literal["none", "horizontal", "vertical"], ...] = Field(
        ("none", "horizontal"), description="Applied after the rotation."
    )
    horizontal_shifts: tuple[Fraction, ...] = Field(
        tuple(k / 8 for k in range(1, 8)), description="To the right, as fractions of the width."
    )
    vertical_shifts: tuple[Fraction, ...] = Field(
        tuple(k / 8 for k in range(1, 8)), description="Downwards, as fractions of the height."
    )
    fill: Literal["wrap", "reflect", "zero"] = Field(
        "reflect", description="What enters at the border; labels follow the image."
    )
    copies: Count = Field(
        113, description="Images made of each source; must be 1 + rotations x flips x shifts."
    )
    shuffle: bool = Field(True, description="Write the copies in an order shuffled by the seed.")
    seed: int = Field(0, ge=0, description="Of the shuffled order.")


class Jitter(Strict):
    """Random changes drawn anew each epoch, in the compiled step, image and label together.

    A probability of 0 or a null switches a knob off.
    """

    flip_horizontal: Fraction = Field(0.0, description="Probability.")
    flip_vertical: Fraction = Field(0.0, description="Probability.")
    flip_depth: Fraction = Field(0.0, description="Probability; volumes only.")
    rotate90: Fraction = Field(0.0, description="Probability of 1, 2 or 3 quarter turns.")
    rotation_degrees: Range | None = Field(None, description="Uniform in this range.")
    shift_fraction: Range | None = Field(None, description="Of each side, uniform.")
    shift_axes: Literal["both", "horizontal", "vertical"] = Field(
        "both", description="Along which the image is shifted."
    )
    scale: Range | None = Field(None, description="Zoom factor, log-uniform.")
    elastic_alpha_px: float | None = Field(None, gt=0, description="Largest displacement.")
    elastic_sigma_px: float = Field(8.0, gt=0, description="Smoothness of the displacement.")
    noise_sd: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Gaussian noise, standard deviation drawn from 0 to this."
    )
    blur_px: Count | None = Field(None, description="Averaging blur of 1 to this many pixels.")
    brightness: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Added offset, uniform in -x...x."
    )
    contrast: Range | None = Field(None, description="Factor about the image's mean.")
    gamma: Range | None = Field(None, description="image^g, g log-uniform.")
    probability: Fraction = Field(0.5, description="Of each of the knobs that is a range.")


class Augmentation(Strict):
    """One augmentation recipe: none, amplified, jittered, or both."""

    description: str = Field("", description="One line for the reports.")
    amplification: Amplification | None = Field(
        None, description="Fixed copies of the training images, made before training; null: none."
    )
    jitter: Jitter | None = Field(
        None, description="Random changes during training, drawn anew each epoch; null: none."
    )
