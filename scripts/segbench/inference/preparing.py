"""New images on the network's grid, by the preprocessing it was trained with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.datasets.base import RawSample
from segbench.datasets.opening import header_of
from segbench.decoders.decoder import Choices, Header
from segbench.decoders.registry import NO_CHOICES
from segbench.errors import SegbenchError
from segbench.imaging.cropping import Box
from segbench.imaging.neighbours import Neighbours, Slice
from segbench.imaging.prepare import prepare_image, prepare_sample
from segbench.imaging.shard import ShardSample
from segbench.inference.images import NewImage, read_new, spacing_of
from segbench.inference.large_image import LargeImage, is_large

#: Stands in for the label: that of a whole image, which no step changes.
NO_LABEL = np.zeros(1, np.uint8)


@dataclass(frozen=True)
class Opened:
    """A new image, as stored and preprocessed.

    Attributes
    ----------
    source : NewImage
    original, prepared : ndarray, (y, x, channel) or (z, y, x, channel)
        As stored; after all steps of the recipe.
    size : tuple of int
        Of the original: (y, x) or (z, y, x).
    crop : tuple of (int, int) or None
        The box of the original that was cropped to.
    spacing_mm : tuple of float or None
        Of the original: (y, x) or (z, y, x).
    notes : tuple of str
        What the user should be told of the file.
    """

    source: NewImage
    original: np.ndarray
    prepared: np.ndarray
    size: tuple[int, ...]
    crop: Box | None
    spacing_mm: tuple[float, ...] | None
    notes: tuple[str, ...]


class Preparer:
    """Opens and preprocesses the images of a folder.

    Parameters
    ----------
    folder : Path
        The folder of images.
    images : sequence of NewImage
        All images. Where the recipe takes neighbouring slices as channels, the images of one
        subfolder are a stack, ordered by name.
    recipe : Preprocessing
    spacing_um : sequence of float, optional
        Spacing of images whose files do not state it.
    choices : Choices, optional
        What is said of the files.
    """

    def __init__(
        self,
        folder: Path,
        images: Sequence[NewImage],
        recipe: Preprocessing,
        spacing_um: Sequence[float] | None = None,
        choices: Choices = NO_CHOICES,
    ) -> None:
        self._folder, self._recipe, self._spacing_um = folder, recipe, spacing_um
        self._choices = choices
        self._items = {image.name: _as_slice(image) for image in images}
        self._images = {image.name: image for image in images}
        self._around: Neighbours | None = None
        if recipe.neighbours:
            items = list(self._items.values())
            self._around = Neighbours(items, self._slice, recipe.neighbours)

    def depends_on(self, image: NewImage) -> list[str]:
        """Digests of the image and of the neighbouring slices its result depends on."""
        reach = self._recipe.neighbours
        if not reach:
            return [image.sha256]
        stack = [one for one in self._images.values() if _stack(one) == _stack(image)]
        place = stack.index(image)
        return [one.sha256 for one in stack[max(place - reach, 0) : place + reach + 1]]

    def open(self, image: NewImage) -> Opened:
        """Read and preprocess an image; errors name the file."""
        original, header = read_new(self._folder, image, self._choices)
        spacing = self.spacing_of(header)
        try:
            if self._around is not None:
                prepared = self._around.image(self._items[image.name])[0]
                size = original.shape[:2]
                return Opened(image, original, prepared, size, None, spacing, header.notes)
            remarks: set[str] = set()
            found = prepare_sample(original, NO_LABEL, self._recipe, spacing, remarks)
        except SegbenchError as error:
            raise named(self._folder, image, error) from error
        notes = (*header.notes, *sorted(remarks))
        return Opened(image, original, found.image, found.size, found.crop, spacing, notes)

    def open_large(self, image: NewImage) -> LargeImage | None:
        """Open an image that is too large to be in memory; None if it is not, or is unreadable."""
        try:
            if not is_large(header_of(self._folder / image.name, self._choices)):
                return None
        except SegbenchError:  # told when it is opened
            return None
        return LargeImage(self._folder / image.name, self._choices, self._recipe)

    def spacing_of(self, header: Header) -> tuple[float, ...] | None:
        """Size of a pixel of an image, see `segbench.inference.images.spacing_of`."""
        return spacing_of(header, self._spacing_um)

    def _slice(self, item: ShardSample) -> Slice:
        image = self._images[item.raw.sample]
        pixels, _ = read_new(self._folder, image, self._choices)
        try:
            return prepare_image(pixels, self._recipe), pixels.shape
        except SegbenchError as error:
            raise named(self._folder, image, error) from error


def named(folder: Path, image: NewImage, error: SegbenchError) -> SegbenchError:
    """Add the image's path to an error of a step, which knows only arrays."""
    if image.name in error.what:
        return error
    return SegbenchError(f"{folder / image.name}: {error.what}", error.expected, error.action)


def _stack(image: NewImage) -> str:
    """The subfolder of an image, which holds the slices of its stack."""
    return str(PurePosixPath(image.name).parent)


def _as_slice(image: NewImage) -> ShardSample:
    raw = RawSample(image.name, (image.name,), (), stack=_stack(image))
    return ShardSample(raw, split="", spacing_mm=None)
