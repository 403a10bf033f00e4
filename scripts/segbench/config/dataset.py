"""Datasets: config/datasets/NAME.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from segbench.config.base import Count, Fraction, Strict

#: Publishers' formats. `segbench.datasets` registers a reader for each.
FORMATS = ("kidney_nuclei", "dsb2018")


class Generated(Strict):
    """The miniature in the publisher's own format, made offline."""

    samples: Count = Field(description="Training and validation images.")
    test_samples: int = Field(0, ge=0, description="Images of the publisher's fixed test set.")
    seed: int = Field(0, ge=0, description="Another seed draws other images.")


class Download(Strict):
    """Where the publisher's data lie, and how a download is verified."""

    url: str = Field(description="Of the archive, the file or the git repository.")
    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="Of the downloaded file; null: the publisher's server cannot promise one.",
    )
    commit: str | None = Field(
        None,
        pattern="^[0-9a-f]{40}$",
        description="git only: the commit, whose name verifies its whole content.",
    )
    bytes: int | None = Field(
        None,
        ge=1,
        description="Size of the download; of a git repository the files at the commit.",
    )
    archive: Literal["none", "zip", "tar", "git"] = Field(
        "zip", description="How it is unpacked; none: one plain file."
    )
    login: str | None = Field(
        None, description="Where to log in or accept the licence; null: not needed."
    )


class Folder(Strict):
    """A folder that the user already has."""

    path: str = Field(
        min_length=1,
        description="The publisher's tree; relative to the folder in which segbench is run.",
    )


class Fixed(Strict):
    """How the held-out samples are chosen."""

    by: Literal["publisher", "count", "fraction", "none"] = "none"
    count: int | None = Field(None, ge=1)
    fraction: Fraction | None = None


class Protocol(Strict):
    """Who is trained on, who chooses the epoch, who is tested on."""

    description: str = ""
    test: Fixed = Field(Fixed(), description="The held-out test set; none: cross-validation.")
    folds: Count = Field(1, description="Test folds (test: none) or validation folds.")
    validation: Fixed = Field(
        Fixed(by="fraction", fraction=0.15),
        description="Chosen from what is not tested on; none with folds > 1: the fold itself.",
    )
    stratify: bool = Field(False, description="Balance the samples' stratum over the folds.")
    seed: int = Field(0, ge=0)


class Class(Strict):
    """One class of the label map."""

    name: str
    value: Annotated[int, Field(ge=0, le=255)]


class Dataset(Strict):
    """One dataset: format, source, licence, classes, protocols."""

    title: str
    format: str = Field(description="Name of the reader, see segbench.datasets.")
    task: Literal["semantic", "instances"]
    classes: tuple[Class, ...] = Field(description="Value 0 is the background and is not listed.")
    source: Literal["generated", "download", "folder"] = "generated"
    generated: Generated | None = None
    download: Download | None = None
    folder: Folder | None = None
    licence: str
    citation: str
    spacing_um: tuple[float, float] | None = Field(None, description="Pixel height and width.")
    shards: Count = 1
    protocols: dict[str, Protocol]
