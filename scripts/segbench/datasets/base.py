"""What every dataset reader provides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np


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
    split : {"train", "test"}
        The publisher's own split.
    group : str
        Samples of one group (patient, case, source image) never part in a split.
    """

    sample: str
    images: tuple[str, ...]
    labels: tuple[str, ...]
    split: Literal["train", "test"] = "train"
    group: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """All files of the sample."""
        return self.images + self.labels


class Reader(Protocol):
    """Reads one publisher's format. Stateless; each module has one `READER`."""

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id; reads no pixels."""

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the image as published: (y, x, channel), the publisher's dtype."""

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read (y, x): uint8 label map (semantic) or uint16 numbered objects (instances)."""

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Name the kind of sample, from what was read; stratified folds balance it."""
