"""Preprocessing recipes: config/preprocessing/NAME.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from segbench.strict import Count, Strict


class Size(Strict):
    """Height and width in pixels."""

    height: Count = Field(description="Rows.")
    width: Count = Field(description="Columns.")


class Clahe(Strict):
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994)."""

    tiles: Count = Field(8, description="Tiles along each side of the image.")
    bins: Count = Field(256, description="Histogram bins.")
    clip_limit: float = Field(
        2.0, gt=0, description="Highest bin, as a multiple of the mean count of a tile's bins."
    )


class Preprocessing(Strict):
    """The steps, in the order in which they are applied. A null step is left out."""

    description: str = Field("", description="One line for the reports.")
    channels: Literal["grey", "rgb", "all"] = Field(
        "grey", description="Channels of the result; all: as published, e.g. the modalities."
    )
    neighbours: Annotated[int, Field(ge=0, le=8)] = Field(
        0,
        description="Slices of a stack on each side that become channels (2.5-D); at the stack's "
        "ends the last one is repeated.",
    )
    crop: Literal["none", "nonzero"] = Field(
        "none", description="Volumes: cut to the box of what is not 0; undone after prediction."
    )
    spacing_mm: tuple[float, float, float] | None = Field(
        None, description="Volumes: resampled to this voxel depth, height and width; null: as is."
    )
    invert: Literal["never", "bright_background"] = Field(
        "never", description="Turn images with a bright background into their negative."
    )
    resize: Size | None = Field(None, description="Target size; null keeps each image's own.")
    interpolation: Literal["nearest", "bilinear", "bicubic", "area"] = Field(
        "bilinear", description="For the image; the label is always nearest."
    )
    antialias: bool = Field(True, description="Gaussian smoothing before shrinking.")
    normalise: Literal["none", "minmax", "percentile", "zscore"] = Field(
        "minmax",
        description="Linear stretch to 0...1 per image and channel; percentile: 1st to 99th, or "
        "smallest to largest value where these are equal.",
    )
    normalise_within: Literal["image", "nonzero"] = Field(
        "image",
        description="Pixels whose intensities are used; nonzero: e.g. the brain, the rest stays 0.",
    )
    clahe: Clahe | None = Field(None, description="Local contrast; null: off.")
    gamma: float | None = Field(None, gt=0, description="image^gamma; null: off.")
    dtype: Literal["uint8", "uint16", "float16", "float32"] = Field(
        "uint8", description="How 0...1 is stored; zscore needs float16 or float32."
    )
