"""A folder of the user's own: images and masks, without any code.

Found at the raw root or up to four folders below it::

    images/...             files of any decoder; folders in it are part of the names
    masks/...              a mask is named like its image, apart from endings
    sheet.csv              optional: sample, group, split, stratum, spacing_y_mm, ...

`Dataset.layout` names the folders, and `labels` of the classes which values, colours or named
segments of a mask become which class. By task:

- semantic: one mask per image, of values or colours;
- overlapping: one folder a class, ``masks/<class>/...``, with masks of 0 and 255; a class whose
  folder has no mask of an image does not occur in it. Or one mask per image as for semantic, a
  segmentation with a layer for each segment, or an array whose last axis has one entry a class;
- instances: one mask per image, its objects numbered;
- classification: ``images/<class>/...``, or a column ``class`` in the sheet; no masks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Self
from unicodedata import normalize

import numpy as np

from segbench.config.dataset import Background, Class, Ignore, Layout
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.folder_labels import to_classes, to_objects
from segbench.datasets.folder_layers import class_masks, is_layered, label_map, layers
from segbench.datasets.folder_layers import objects as objects_of_layers
from segbench.datasets.folder_legend import Labels, ignored_values
from segbench.datasets.folder_pairs import check_pairs, images_of, masks_of
from segbench.datasets.folder_sheet import Row, read_sheet
from segbench.datasets.label_names import class_of_spelling, folded
from segbench.datasets.label_values import to_binary
from segbench.datasets.opening import choices_of, read, read_mask
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import breadth_first, subfolders
from segbench.decoders.decoder import Decoded, Entry, Header
from segbench.decoders.images import as_image
from segbench.decoders.listing import moved
from segbench.decoders.registry import FORMATS
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset


#: Of a sample without a sheet.
_NO_ROW = Row()


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
        self.choices = choices_of(layout)
        self._of_masks = replace(
            self.choices, dataset=self._layout.mask_dataset or self.choices.dataset
        )
        for key in ("images", "masks", "sheet"):
            place = getattr(self._layout, key)
            if place and (Path(place).is_absolute() or ".." in Path(place).parts):
                raise SegbenchError(
                    f"layout.{key}: {place!r} leaves the raw folder",
                    "a path below it",
                    "correct it in the dataset's config, or set folder.path higher up",
                )
        spellings = ((one.name, (one.name, *one.labels)) for one in self._classes)
        self._names = class_of_spelling(spellings, folded)

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
        ids = ids_of(images)
        rows, sheet = self._rows(root, base, images, ids)
        masks = {} if self._task == "classification" else self._masks(base, images)
        samples = []
        folder = base / layout.images
        places = [f"{(base / place).relative_to(root).as_posix()}/".removeprefix("./")
                  for place in (layout.images, layout.masks)]  # fmt: skip
        for key, entry in images.items():
            row = rows.get(ids[key], _NO_ROW)
            image = moved(entry, places[0])
            found = [(one, moved(mask, places[1])) for one, mask in masks.get(key, ())]
            parts = sum((mask.parts for _, mask in found), image.parts) + sheet
            parts = tuple(dict.fromkeys(parts))  # one file may hold image and mask
            samples.append(
                FolderSample(
                    sample=ids[key],
                    images=(image.name,),
                    # The sheet counts as a file of every sample, so that a changed row is noticed.
                    labels=(*[mask.name for _, mask in found], *sheet),
                    parts=parts,
                    split=row.split,
                    group=row.group or ids[key],
                    row=row,
                    label=self._class_of(folder, entry.name, row),
                    masks=tuple([(one, mask.name) for one, mask in found]),
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
            normalize("NFC", name): ids[key]
            for key, one in images.items()
            for name in (ids[key], one.name, key)
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
        if folder == image_folder and self._layout.mask_dataset:  # each file holds both
            return {key: [("", image)] for key, image in images.items()}
        if self._task == "overlapping" and self._class_folders(folder):
            return self._masks_by_class(folder, images, image_folder)
        masks = masks_of(folder, self._layout, among_images=folder == image_folder)
        check_pairs(images, masks, image_folder, folder)
        return {key: [("", mask)] for key, mask in masks.items()}

    def _class_folders(self, folder: Path) -> dict[str, str]:
        """Folders of masks that are called as a class -> its name."""
        return {
            name: self._names[folded(name)]
            for name in subfolders(folder)
            if folded(name) in self._names
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
                found.setdefault(key, []).append((one, moved(mask, f"{name}/")))
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
        if folded(wanted) not in self._names:
            raise self._no_class(folder / name, wanted)
        return self._names[folded(wanted)]

    def _no_class(self, path: Path, name: str) -> SegbenchError:
        near = get_close_matches(folded(name), self._names, n=1, cutoff=0.5)
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
        path = root / raw.images[0]
        return as_image(path, read(path, self.choices))

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the label, see `segbench.datasets.base.Reader.read_label`.

        Raises
        ------
        SegbenchError
            A mask cannot be read, does not lie on its image, or holds an unknown label; the
            message says the likely cause.
        """
        if not isinstance(raw, FolderSample):
            raise TypeError("a sample of another reader")
        if self._task == "classification":
            return np.array([c.value for c in self._classes if c.name == raw.label], np.uint8)
        image, header = root / raw.images[0], self.header(root, raw)
        masks = [(one, root / file) for one, file in raw.masks]
        if masks[0][0]:
            return self._of_class_files(image, header, masks)
        path = masks[0][1]
        mask = read_mask(path, header, image, self._of_masks)
        if self._task == "overlapping":
            return self._overlapping(path, mask)
        if self._task == "instances":
            if is_layered(mask):
                return objects_of_layers(path, mask, self._ignore)
            return to_objects(path, mask, ignored_values(self._ignore))
        return self._semantic(path, mask)

    def _semantic(self, path: Path, mask: Decoded) -> np.ndarray:
        if is_layered(mask):
            return label_map(path, self._of_layers(path, mask), self._classes)
        labels = Labels.of(
            self._classes, self._background, self._ignore, mask.header.labels, f"{path}: "
        )
        return to_classes(path, mask, labels)

    def _of_class_files(
        self, image: Path, header: Header, masks: list[tuple[str, Path]]
    ) -> np.ndarray:
        """One mask per class, from files of their own."""
        ignored = ignored_values(self._ignore)
        parts = {one.name: np.zeros(header.size, np.uint8) for one in self._classes}
        for one, path in masks:
            part = to_binary(path, read_mask(path, header, image, self._of_masks), ignored)
            np.maximum(parts[one], part, out=parts[one])
        return np.stack(list(parts.values()), axis=-1)

    def _overlapping(self, path: Path, mask: Decoded) -> np.ndarray:
        """One mask per class, from an array of masks, named segments, or a label map."""
        if is_layered(mask):
            return self._of_layers(path, mask)
        header = mask.header
        if not header.colour and header.shape[len(header.size) :] == (len(self._classes),):
            return np.stack(layers(path, mask, ignored_values(self._ignore)), axis=-1)
        label = self._semantic(path, mask)
        values = np.array([one.value for one in self._classes])
        return np.where(
            label[..., None] == UNANNOTATED, UNANNOTATED, label[..., None] == values
        ).astype(np.uint8)

    def _of_layers(self, path: Path, mask: Decoded) -> np.ndarray:
        return class_masks(path, mask, self._classes, self._background, self._ignore)

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Give the stratum of the sheet, else the class of a classified image."""
        return (raw.row.stratum or raw.label) if isinstance(raw, FolderSample) else ""

    def spacing_mm(self, root: Path, raw: RawSample) -> tuple[float, ...] | None:
        """Give the spacing of the sheet, else of the file's header."""
        row = raw.row.spacing_mm if isinstance(raw, FolderSample) else None
        return super().spacing_mm(root, raw) if row is None else row


#: The reader of this format.
READER = Folder
