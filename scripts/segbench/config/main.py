"""The main configuration: config/config.yaml and its siblings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PositiveFloat

from segbench.store_location import STORE_DEFAULT, STORE_VARIABLE
from segbench.strict import Strict

#: Text that is not empty, or null.
OptionalText = Annotated[str, Field(min_length=1)] | None
#: A length in micrometres.
Um = PositiveFloat


class Opening(Strict):
    """How arrays of new images are opened, where the files do not say it or hold several."""

    axes: OptionalText = Field(None, description="Axes as stored, e.g. zyx.")
    dataset: OptionalText = Field(None, description="Name of the array in files of several.")
    level: Annotated[int, Field(ge=0)] | None = Field(None, description="Level of a pyramid.")


class Main(Strict):
    """What one run computes: which studies, on which data, and where the outputs go.

    The blocks `datasets` and `studies` hold partial overrides: a mapping is merged
    key by key over the file of that name, anything else replaces what the file says.
    """

    folder: Annotated[str, Field(min_length=1)] = Field(
        ".",
        description="Where the outputs go, relative to the working folder. Two main files with "
        "different folders never touch each other's results.",
    )
    store: OptionalText = Field(
        None,
        description="The store of finished work, which a group can share; null: "
        f"`{STORE_DEFAULT}`. The environment variable `{STORE_VARIABLE}` wins over this key.",
    )
    gpus: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="GPUs of one training: one process, each batch is shared among them. null: one "
        "where jobs are submitted to a cluster; on this machine what the profile says.",
    )
    datasets: dict[str, dict[str, Any] | None] = Field(
        default_factory=dict,
        description="Dataset name -> keys that replace those of config/datasets/NAME.yaml, "
        "typically `source` and where the data lie.",
    )
    studies: dict[str, dict[str, Any] | None] = Field(
        default_factory=dict,
        description="The studies to run: name -> keys that replace those of "
        "config/studies/NAME.yaml; null or {} takes the study as it is written.",
    )
    images: OptionalText = Field(
        None,
        description="`snakemake apply`: the folder of new images to segment; `snakemake inspect`: "
        "the folder to look at. Relative to the project or absolute.",
    )
    masks: OptionalText = Field(
        None,
        description="`snakemake inspect` only: a new folder for links to the images, for masks "
        "drawn of COCO's or YOLO's polygons, and for a sheet.",
    )
    model: OptionalText = Field(
        None,
        description="`snakemake apply` only: the model to segment them with: STUDY/best (of the "
        "study's table), or STUDY/PREPROCESSING/AUGMENTATION/MODEL/SEED, perhaps with /fold-K.",
    )
    name: OptionalText = Field(
        None,
        description="`snakemake apply`: the results go to applied/NAME; `snakemake inspect`: the "
        "dataset's name. null: made from the names of folder and model.",
    )
    layout: Opening = Field(
        default_factory=Opening,
        description="`snakemake apply` only: how the images are opened; what is null is as in the "
        "`layout` of the study's dataset.",
    )
    spacing_um: tuple[Um, Um] | tuple[Um, Um, Um] | None = Field(
        None,
        description="`snakemake apply` only: pixel height and width (of volumes depth first) of "
        "images whose files do not say it; null: unknown.",
    )
