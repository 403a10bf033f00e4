"""What every dataset reader provides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from segbench.decoders.decoder import Choices
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    import numpy as np

    from segbench.config.dataset import Dataset
    from segbench.decoders.decoder import Header


@dataclass(frozen=True)
class RawSample:
    """One sample of a publisher's tree, known from file names alone.

    Attributes
    ----------
    sample : str
        Id, unique in the dataset, safe as a file name.
    images, labels : tuple of str
        Files relative to the tree's root, in POSIX form. `labels` is empty where the
        publisher's layout says that the image has no objects.
    parts : tuple of str
        All files of them, where an image or mask is a folder or several files; else empty.
    split : {"train", "test"}
        The publisher's own split.
    group : str
        Samples of one group (patient, case, source image) stay on one side of a split.
    stack : str
        Samples of one stack are slices of one volume; empty: the sample is none.
    position : int
        Place of a slice in its stack.
    joined : str
        Why the group is another than the sample's own, where the reader knows that two
        images show the same.
    annotated : tuple of str
        Classes that were annotated in the sample; empty: all. The others count for nothing.
    """

    sample: str
    images: tuple[str, ...]
    labels: tuple[str, ...]
    split: Literal["train", "test"] = "train"
    group: str = ""
    stack: str = ""
    position: int = 0
    joined: str = ""
    annotated: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @classmethod
    def below(
        cls, root: Path, sample: str, images: Iterable[Path], labels: Iterable[Path], **more: Any
    ) -> Self:
        """Make a sample of files below the raw tree's root; `more` are other attributes."""
        first, second = (
            tuple(path.relative_to(root).as_posix() for path in paths) for paths in (images, labels)
        )
        return cls(sample, first, second, **more)

    @property
    def files(self) -> tuple[str, ...]:
        """All files of the sample."""
        return self.parts or self.images + self.labels


def sorted_by_id(root: Path, samples: Iterable[RawSample]) -> list[RawSample]:
    """Sort samples by id.

    Raises
    ------
    SegbenchError
        Two samples have one id.
    """
    found: dict[str, RawSample] = {}
    for raw in samples:
        other = found.setdefault(raw.sample, raw)
        if other is not raw:
            raise SegbenchError(
                f"{root / raw.images[0]}: has the id {raw.sample!r}, as {other.images[0]}",
                "names that differ in more than their ending, blanks or signs",
                "rename or remove one of the two",
            )
    return [found[sample] for sample in sorted(found)]


class Reader:
    """Reads one publisher's format; base of all readers.

    The module of a format names its reader `READER`.

    Attributes
    ----------
    decoders : tuple of str
        Image formats that the publisher's files may have, see `segbench.decoders.registry`.
    spacing_in_files : bool
        Whether the files may give the pixel spacing, see `spacing_mm`.
    channels_in_files : bool
        Images may have a file for each channel, ``NAME_0000``, ``NAME_0001``, ...
    ignores_labels : bool
        Whether the reader marks pixels that were not annotated, see
        `segbench.unannotated`, by the dataset's `ignore` or what the files say.
    takes_submissions : bool
        Whether the publisher scores a file of masks as run-length codes, see
        `segbench.datasets.submission`.
    choices : Choices
        What the dataset's config says of files that do not say it themselves.
    """

    decoders: ClassVar[tuple[str, ...]] = ("pictures", "tiff")
    spacing_in_files: ClassVar[bool] = False
    channels_in_files: ClassVar[bool] = False
    ignores_labels: ClassVar[bool] = False
    takes_submissions: ClassVar[bool] = False
    choices: Choices = Choices()

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader of a dataset; override it where its config matters, e.g. its classes."""
        return cls()

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id; reads no pixels."""
        raise NotImplementedError

    def is_table(self, name: str) -> bool:
        """Whether a file is a table with rows of many samples."""
        return False

    def rows_of(self, root: Path, name: str, samples: Iterable[RawSample]) -> Mapping[str, str]:
        """Give each sample's rows of a table.

        What is read of a sample depends on the table through this text only: an edit of
        other samples' rows, or of their order, must not change it.

        Parameters
        ----------
        root : Path
            The raw tree.
        name : str
            The table, relative to it.
        samples : iterable of RawSample
            From `scan`.

        Returns
        -------
        mapping of str to str
            Sample -> text; without an entry the table has no row of it.
        """
        raise NotImplementedError

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the image as published; by default one picture in colour.

        Returns
        -------
        ndarray
            (y, x, channel) or (z, y, x, channel).

        Raises
        ------
        SegbenchError
            The file cannot be decoded or is not as published.
        """
        from segbench.datasets.published import read_colour

        return read_colour(root / raw.images[0])

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the label, by the dataset's task.

        Returns
        -------
        ndarray
            semantic: (y, x) or (z, y, x), uint8 label map. overlapping: the same with a last
            axis of one mask (0 or 1) a class, in the order of the config, uint8. instances:
            (y, x), uint16 numbered objects. classification: (1,), uint8, the class's value.
            What was not annotated is marked as `segbench.unannotated` says.
        """
        raise NotImplementedError

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Name the kind of sample; stratified folds balance it."""
        return ""

    def spacing_mm(self, root: Path, raw: RawSample) -> tuple[float, ...] | None:
        """Size of a pixel (y, x) or voxel (z, y, x) given by the files; None: unknown."""
        return self.header(root, raw).spacing_mm if self.spacing_in_files else None

    def channel_names(self, root: Path, raw: RawSample) -> tuple[str, ...]:
        """Names of the channels given by the files, in their order; empty: unknown."""
        return self.header(root, raw).channels if self.spacing_in_files else ()

    def affine(self, root: Path, raw: RawSample) -> np.ndarray | None:
        """Affine of voxels (x, y, z, 1) to the scanner, (4, 4); None: unknown."""
        return self.header(root, raw).affine if self.spacing_in_files else None

    def header(self, root: Path, raw: RawSample) -> Header:
        """What the image's first file says of itself."""
        from segbench.datasets.opening import header_of

        return header_of(root / raw.images[0], self.choices)
