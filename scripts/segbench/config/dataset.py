"""Datasets: config/datasets/NAME.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from typing import Protocol as Interface

from pydantic import Field

from segbench.strict import Count, Fraction, Strict


class Format(Interface):
    """What the checks ask of a format; `segbench.datasets.formats.FORMATS` holds them."""

    @property
    def spacing_in_files(self) -> bool:
        """Whether its files may give the pixel spacing; else only `spacing_um` does."""

    @property
    def ignores_labels(self) -> bool:
        """Whether its reader marks pixels that were not annotated, see `Dataset.ignore`."""


#: Name of each format -> what the checks ask of it.
Formats = Mapping[str, Format]


class Generated(Strict):
    """The miniature in the publisher's own format, made offline."""

    samples: Count = Field(description="Training and validation images.")
    test_samples: int = Field(0, ge=0, description="Images of the publisher's fixed test set.")
    seed: int = Field(0, ge=0, description="Another seed draws other images.")


class Download(Strict):
    """Where the publisher's data are, and how a download is verified."""

    url: str = Field(
        description="Of the archive or file; of a git repository with #COMMIT behind it, "
        "which names one state and verifies its whole content."
    )
    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="Of the downloaded file; null: not known, and not checked.",
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
    """A folder that you already have."""

    path: str = Field(
        min_length=1,
        description="The publisher's tree; relative to the folder that holds config/.",
    )


class Fixed(Strict):
    """How the held-out samples are chosen."""

    by: Literal["publisher", "count", "fraction", "none"] = Field(
        "none", description="publisher: the split that was published (test only)."
    )
    count: int | None = Field(None, ge=1, description="Samples; with by: count.")
    fraction: Fraction | None = Field(None, description="Of the samples; with by: fraction.")


class Protocol(Strict):
    """How the samples are split: trained on, used to choose the epoch, tested on."""

    description: str = Field("", description="One or two sentences for the reports.")
    test: Fixed = Field(Fixed(), description="The held-out test set; none: cross-validation.")
    folds: Count = Field(1, description="Test folds (test: none) or validation folds.")
    validation: Fixed = Field(
        Fixed(by="fraction", fraction=0.15),
        description="Chosen from what is not tested on; none with folds > 1: the fold itself.",
    )
    order: Literal["shuffled", "listed"] = Field(
        "shuffled",
        description="listed: in the order of the samples' ids, the last ones are the test set and "
        "those before them the validation set (one fold, without stratify).",
    )
    stratify: bool = Field(False, description="Balance the samples' stratum over the folds.")
    stratify_by: Literal["stratum", "appearance"] = Field(
        "stratum",
        description="stratum: the kind of sample as the dataset's reader names it; appearance: the "
        "group of images that look alike, found by the exploration. With stratify.",
    )
    seed: int = Field(0, ge=0, description="Another seed draws another split.")


class Class(Strict):
    """One class of the label map, or of whole images."""

    name: str = Field(min_length=1, description="Name in the tables.")
    value: Annotated[int, Field(ge=0, le=255)] = Field(
        description="In the label map, 1 to 254; 255 marks pixels that were not annotated."
    )
    labels: tuple[str | int, ...] = Field(
        (),
        description="The publisher's labels that become this class: names, values, or colours "
        "such as #00c800; empty: the one that is called or numbered like the class.",
    )


class Background(Strict):
    """What is no class."""

    name: str = Field("background", min_length=1, description="Name in messages and tables.")
    labels: tuple[str | int, ...] = Field(
        (),
        description="The publisher's labels of it, 0 listed too if it is one; empty: 0 or black.",
    )
    scored: bool = Field(
        False,
        description="Score it like a class: it counts in means, ranks arms and chooses epochs.",
    )


class Ignore(Strict):
    """Labels of pixels that were not annotated; see Dataset.ignore."""

    labels: tuple[str | int, ...] = Field(
        min_length=1,
        description="The publisher's labels of them, as in `labels` of a class, e.g. the 255 of "
        "PASCAL VOC. nnU-Net's label `ignore` is one without being listed.",
    )


class Layout(Strict):
    """Layout of a folder of your own (format: folder); of format: msd axes, dataset and level."""

    images: str = Field("images", description="Folder of the images, below the raw folder.")
    masks: str = Field(
        "masks",
        description="Folder of the masks, which are named like their images, apart from endings.",
    )
    image_suffix: str = Field("", description="Ending of the images' names before the extension.")
    mask_suffix: str = Field("", description="Ending of the masks' names, e.g. _mask.")
    sheet: str | None = Field(
        None,
        description="CSV or TSV with the column sample and any of group, split, stratum, "
        "annotated (classes, separated by commas), spacing_y_mm, spacing_x_mm, spacing_z_mm; "
        "null: each image is its own group.",
    )
    axes: str | None = Field(
        None,
        description="Axes of the arrays as they are stored, of the letters z, y, x, c, where the "
        "files do not say them (.npy) or say them wrongly; e.g. zyx. With a z, a file with one "
        "slice is a volume of one slice. null: as the files say.",
    )
    dataset: str | None = Field(
        None, description="Name of the array in files that hold several (HDF5, .npz)."
    )
    mask_dataset: str | None = Field(
        None,
        description="Name of the masks' array in such files; null: as dataset. Where masks names "
        "the folder of the images, each file holds an image and its mask.",
    )
    level: int = Field(
        0, ge=0, description="Level of pyramids (TIFF, OME-Zarr) that is read; 0 is full size."
    )


class Dataset(Strict):
    """One dataset: format, source, licence, classes, protocols."""

    title: str = Field(description="Name in tables and pages.")
    format: str = Field(description="The publisher's format, see docs/reference/datasets.md.")
    task: Literal["semantic", "overlapping", "instances", "classification"] = Field(
        description="semantic: a class for each pixel; overlapping: a mask for each class; "
        "instances: numbered objects of one class; classification: a class for each image."
    )
    classes: tuple[Class, ...] = Field(description="Value 0 is the background and is not listed.")
    background: Background | None = Field(
        None, description="What is no class; null: 0 or black in the masks, not scored."
    )
    ignore: Ignore | None = Field(
        None,
        description="Pixels that were not annotated: neither learnt from nor scored. For label "
        "maps, masks and numbered objects in the formats folder and msd.",
    )
    regions: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Region -> names of the classes it consists of. Where there are regions, these "
        "are what is learnt and scored, one mask each; they may overlap. For task: semantic.",
    )
    layout: Layout | None = Field(
        None,
        description="format: folder, or axes, dataset and level of format: msd; null: as below.",
    )
    source: Literal["generated", "download", "folder"] = Field(
        "generated", description="Where the raw files come from: the block of that name."
    )
    generated: Generated | None = Field(
        None, description="A miniature in the same format, made offline; labelled as generated."
    )
    download: Download | None = Field(None, description="From the publisher.")
    folder: Folder | None = Field(None, description="A folder that you already have.")
    licence: str = Field(description="Of the publisher's data; printed in the report.")
    citation: str = Field(description="What to cite; printed in the report.")
    spacing_um: tuple[float, float] | None = Field(
        None, description="Pixel height and width, where the files do not say it; null: unknown."
    )
    shards: Count = Field(
        1,
        description="Parts into which the samples are divided, by a hash of their ids. They are "
        "made in parallel, and a changed file makes one of them anew.",
    )
    protocols: dict[str, Protocol] = Field(
        description="Ways to split the samples, by name; a study chooses one."
    )

    @property
    def label_task(self) -> str:
        """What the labels are once regions are made: `overlapping` where there are some."""
        return "overlapping" if self.regions else self.task

    @property
    def scored_background(self) -> str | None:
        """The name under which the background is scored, if it is."""
        background = self.background
        return background.name if background is not None and background.scored else None

    @property
    def label_classes(self) -> dict[str, int]:
        """Name -> value of what is learnt and scored; regions are numbered from 1."""
        if self.regions:
            return {name: number for number, name in enumerate(self.regions, start=1)}
        return {label.name: label.value for label in self.classes}
