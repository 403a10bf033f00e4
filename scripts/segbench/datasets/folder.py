"""A folder of the user's own: images and masks, without any code.

Found at the raw root or up to four folders below it::

    images/...             PNG, TIFF, JPEG, .npy or NIfTI; folders in it are part of the names
    masks/...              a mask is named like its image, apart from endings
    sheet.csv              optional: sample, group, split, stratum, spacing_y_mm, ...

`Dataset.layout` names the folders, and `labels` of the classes which values or
colours of a mask become which class. By task:

- semantic: one mask per image, of values or colours;
- overlapping: one folder a class, ``masks/<class>/...``, with masks of 0 and 255; a class whose
  folder has no mask of an image does not occur in it. Or one mask per image as for semantic, or
  an array whose last axis has one entry a class;
- instances: one mask per image, its objects numbered;
- classification: ``images/<class>/...``, or a column ``class`` in the sheet; no masks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from segbench.config.dataset import Background, Class, Ignore, Layout
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.folder_labels import to_binary, to_classes, to_objects
from segbench.datasets.folder_legend import Labels, ignored_values
from segbench.datasets.folder_pairs import check_pairs, images_of, masks_of, sample_ids
from segbench.datasets.folder_sheet import Row, read_sheet
from segbench.datasets.label_names import class_of_spelling
from segbench.datasets.tree import breadth_first, moved, subfolders
from segbench.decoders.decoder import Entry
from segbench.decoders.grids import check_size
from segbench.decoders.images import as_image, read_image
from segbench.decoders.registry import FORMATS, header_of, read
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset


@dataclass(frozen=True)
class FolderSample(RawSample):
    """A sample with its row of the sheet.

    Attributes
    ----------
    row : Row
        Empty without a sheet.
    label : str
        Class of the whole image, for classification.
    masks : tuple of (str, str)
        Those among `labels` that are masks, each after the class that it is of; the class is
        empty where one mask holds all.
    """

    row: Row = field(default_factory=Row)
    label: str = ""
    masks: tuple[tuple[str, str], ...] = ()


class Folder(Reader):
    """Reader of a folder of the user's own; see the module for the layout.

    Parameters
    ----------
    task, classes, background, layout, ignore
        As in the dataset's config.

    Raises
    ------
    SegbenchError
        A folder of the layout leaves the raw tree, or a label stands for two classes.
    """

    decoders = tuple(one.module for one in FORMATS)
    spacing_in_files = True
    ignores_labels = True

    def __init__(
        self,
        task: str,
        classes: tuple[Class, ...],
        background: Background | None = None,
        layout: Layout | None = None,
        ignore: Ignore | None = None,
    ) -> None:
        self._task = task
        self._classes = classes
        self._background = background
        self._layout = layout or Layout()
        self._ignore = ignore
        for key in ("images", "masks", "sheet"):
            place = getattr(self._layout, key)
            if place and (Path(place).is_absolute() or ".." in Path(place).parts):
                raise SegbenchError(
                    f"layout.{key}: {place!r} leaves the raw folder",
                    "a path below it",
                    "correct it in the dataset's config, or set folder.path higher up",
                )
        spellings = ((one.name, (one.name, *one.labels)) for one in self._classes)
        self._names = class_of_spelling(spellings, str.casefold)

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader for the task, the classes and the layout of a dataset."""
        return cls(
            dataset.task, dataset.classes, dataset.background, dataset.layout, dataset.ignore
        )

    def scan(self, root: Path) -> Iterator[FolderSample]:
        """List the samples from file names and the sheet, sorted by id.

        Raises
        ------
        SegbenchError
            There are no images, images and masks do not pair, two files differ in their
            ending alone, a folder is no class, or the sheet does not fit.
        """
        layout = self._layout
        base = self._base(root)
        images = images_of(base, layout)
        ids = sample_ids(base / layout.images, images)
        rows, sheet = self._rows(root, base, images, ids)
        masks = {} if self._task == "classification" else self._masks(base, images)
        samples = []
        for key, entry in images.items():
            row = rows.get(ids[key], Row())
            image = moved(entry, root, base / layout.images)
            found = [
                (one, moved(mask, root, base / layout.masks)) for one, mask in masks.get(key, ())
            ]
            samples.append(
                FolderSample(
                    sample=ids[key],
                    images=(image.name,),
                    # The sheet counts as a file of every sample, so that a changed row is noticed.
                    labels=(*(mask.name for _, mask in found), *sheet),
                    parts=(
                        *image.parts,
                        *(part for _, mask in found for part in mask.parts),
                        *sheet,
                    ),
                    split=row.split,
                    group=row.group or ids[key],
                    row=row,
                    label=self._class_of(base / layout.images, entry.name, row),
                    masks=tuple((one, mask.name) for one, mask in found),
                    annotated=row.annotated,
                )
            )
        yield from sorted(samples, key=lambda raw: raw.sample)

    def _base(self, root: Path) -> Path:
        """The folder in which that of the images lies: the raw folder, or the nearest in it."""
        wanted = self._layout.images
        if root.is_dir():
            for folder in breadth_first(root):
                if (folder / wanted).is_dir():
                    return folder
        known = subfolders(root) if root.is_dir() else []
        near = get_close_matches(wanted, known, n=1, cutoff=0.3)
        raise SegbenchError(
            f"{root}: has no folder {wanted!r}"
            + (f" (but {', '.join(known[:8])})" if known else " (it is empty)"),
            "the folder of the images, as layout.images in the dataset's config says",
            "correct folder.path or layout.images in the dataset's config"
            + (f", e.g. to {near[0]!r}" if near else ""),
        )

    def _rows(
        self, root: Path, base: Path, images: Mapping[str, Entry], ids: Mapping[str, str]
    ) -> tuple[dict[str, Row], tuple[str, ...]]:
        """Rows of the sheet, and the sheet's file."""
        if self._layout.sheet is None:
            return {}, ()
        places = [base / self._layout.sheet, root / self._layout.sheet]
        path = next((place for place in places if place.is_file()), places[0])
        known = {
            name: ids[key] for key, one in images.items() for name in (key, one.name, ids[key])
        }
        parted = self._task in {"semantic", "overlapping"}
        classes = [one.name for one in self._classes] if parted else []
        return read_sheet(path, known, classes), (path.relative_to(root).as_posix(),)

    def _masks(self, base: Path, images: Mapping[str, Entry]) -> dict[str, list[tuple[str, Entry]]]:
        """Masks of each image: one of no class, or those of its classes."""
        folder = base / self._layout.masks
        if not folder.is_dir():
            near = get_close_matches(folder.name, subfolders(base), n=1, cutoff=0.3)
            raise SegbenchError(
                f"{folder}: there is no such folder",
                f"masks beside {self._layout.images}",
                "set layout.masks in the dataset's config"
                + (f", e.g. to {near[0]!r}" if near and near[0] != self._layout.images else ""),
            )
        image_folder = base / self._layout.images
        if self._task == "overlapping" and self._class_folders(folder):
            return self._masks_by_class(folder, images, image_folder)
        masks = masks_of(folder, self._layout, among_images=folder == image_folder)
        check_pairs(images, masks, image_folder, folder)
        return {key: [("", mask)] for key, mask in masks.items()}

    def _class_folders(self, folder: Path) -> dict[str, str]:
        """Folders of masks that are called as a class -> its name."""
        return {
            name: self._names[name.casefold()]
            for name in subfolders(folder)
            if name.casefold() in self._names
        }

    def _masks_by_class(
        self, folder: Path, images: Mapping[str, Entry], image_folder: Path
    ) -> dict[str, list[tuple[str, Entry]]]:
        known = self._class_folders(folder)
        for name in subfolders(folder):
            if name not in known:
                raise self._no_class(folder / name, name)
        found: dict[str, list[tuple[str, Entry]]] = {}
        for name, one in known.items():
            for key, mask in masks_of(folder / name, self._layout, among_images=False).items():
                found.setdefault(key, []).append((one, moved(mask, folder, folder / name)))
        check_pairs(images, {key: some[0][1] for key, some in found.items()}, image_folder, folder)
        return found

    def _class_of(self, folder: Path, name: str, row: Row) -> str:
        """Class of a whole image: the sheet's, else the first folder of its path."""
        if self._task != "classification":
            return ""
        first, slash, _ = name.partition("/")
        wanted = row.label or (first if slash else "")
        if not wanted:
            raise SegbenchError(
                f"{folder / name}: has no class",
                f"a folder for each class, {folder}/<class>/..., or a column class in the sheet",
                "move the images into folders called as their classes",
            )
        if wanted.casefold() not in self._names:
            raise self._no_class(folder / name, wanted)
        return self._names[wanted.casefold()]

    def _no_class(self, path: Path, name: str) -> SegbenchError:
        near = get_close_matches(name.casefold(), self._names, n=1, cutoff=0.5)
        return SegbenchError(
            f"{path}: {name!r} is not a class",
            ", ".join(one.name for one in self._classes),
            (f"is it {self._names[near[0]]}? Then " if near else "")
            + f"rename it, or add {name!r} to the `labels` of its class in the dataset's config",
        )

    def is_table(self, name: str) -> bool:
        """Whether a file is the sheet."""
        sheet = self._layout.sheet
        return sheet is not None and f"/{name}".endswith(f"/{Path(sheet).as_posix()}")

    def rows_of(self, root: Path, name: str, samples: Iterable[RawSample]) -> dict[str, str]:
        """Give each sample's row of the sheet, which the scan has read and checked."""
        return {
            raw.sample: json.dumps(asdict(raw.row), sort_keys=True)
            for raw in samples
            if isinstance(raw, FolderSample)
        }

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the image: (y, x, channel) or (z, y, x, channel), in the file's dtype.

        Raises
        ------
        SegbenchError
            The file cannot be read, or the picture is partly transparent.
        """
        return read_image(root / raw.images[0])

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the label, see `segbench.datasets.base.Reader.read_label`.

        Raises
        ------
        SegbenchError
            A mask cannot be read, has another size or affine than its image, or holds an unknown
            label; the message says the likely cause.
        """
        if not isinstance(raw, FolderSample):
            raise TypeError("a sample of another reader")
        if self._task == "classification":
            return np.array([c.value for c in self._classes if c.name == raw.label], np.uint8)
        image = root / raw.images[0]
        size = header_of(image).size
        masks = [(one, root / file) for one, file in raw.masks]
        for _, path in masks:
            _check_affine(image, path)
        if self._task == "overlapping":
            return self._overlapping(masks, size, image.name)
        if self._task == "instances":
            objects = partial(to_objects, ignored=ignored_values(self._ignore))
            return _of_size(masks[0][1], size, image.name, objects)
        return self._semantic(masks[0][1], size, image.name)

    def _semantic(self, path: Path, size: tuple[int, ...], image: str) -> np.ndarray:
        labels = Labels.of(self._classes, self._background, self._ignore)
        convert = partial(to_classes, labels=labels)
        return _of_size(path, size, image, convert, palette=not labels.by_colour)

    def _binary(self, path: Path, mask: np.ndarray) -> np.ndarray:
        return to_binary(path, mask, ignored_values(self._ignore))

    def _overlapping(
        self, masks: list[tuple[str, Path]], size: tuple[int, ...], image: str
    ) -> np.ndarray:
        """One mask per class: from files of their own, one array of masks, or a label map."""
        first, path = masks[0]
        if first:
            parts = {one: np.zeros(size, np.uint8) for one in (c.name for c in self._classes)}
            for one, file in masks:
                parts[one] |= _of_size(file, size, image, self._binary)
            return np.stack(list(parts.values()), axis=-1)
        header = header_of(path)
        if not header.colour and header.shape[len(size) :] == (len(self._classes),):
            check_size(path, header.size, size, image)
            masks_of_array = np.moveaxis(read(path).pixels, -1, 0)
            return np.stack([self._binary(path, mask) for mask in masks_of_array], axis=-1)
        label = self._semantic(path, size, image)
        values = np.array([one.value for one in self._classes])
        return np.where(
            label[..., None] == UNANNOTATED, UNANNOTATED, label[..., None] == values
        ).astype(np.uint8)

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Give the stratum of the sheet, else the class of a classified image."""
        return (raw.row.stratum or raw.label) if isinstance(raw, FolderSample) else ""

    def spacing_mm(self, root: Path, raw: RawSample) -> tuple[float, ...] | None:
        """Give the spacing of the sheet, else of the file's header."""
        row = raw.row.spacing_mm if isinstance(raw, FolderSample) else None
        return super().spacing_mm(root, raw) if row is None else row


def _of_size(
    path: Path,
    size: tuple[int, ...],
    image: str,
    convert: Callable[[Path, np.ndarray], np.ndarray],
    palette: bool = True,
) -> np.ndarray:
    """A mask, converted; its size is looked at first, as a wrong one explains wrong values."""
    decoded = read(path)
    mask = decoded.pixels if palette else as_image(path, decoded)
    check_size(path, mask.shape[: len(size)], size, image)
    label = convert(path, mask)
    check_size(path, label.shape, size, image)
    return label


def _check_affine(image: Path, mask: Path) -> None:
    """Refuse files that lie elsewhere in space."""
    one, other = header_of(image).affine, header_of(mask).affine
    if one is None or other is None:
        return
    check_size(mask, header_of(mask).size, header_of(image).size, image.name)
    if not np.allclose(one, other, rtol=0, atol=1e-3):
        row, column = map(int, np.unravel_index(np.argmax(np.abs(one - other)), one.shape))
        raise SegbenchError(
            f"{mask}: its affine differs from the image's by up to "
            f"{np.abs(one - other).max():.4g} mm (row {row}, column {column}: "
            f"{other[row, column]:.4g}, not {one[row, column]:.4g})",
            f"the affine of {image.name}: the voxels of both in the same places",
            "resample the mask onto the image's grid (nearest neighbour); or, if only the header "
            "is wrong, copy the image's affine into it",
        )


#: The reader of this format.
READER = Folder
