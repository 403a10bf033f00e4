"""Medical Segmentation Decathlon and nnU-Net raw datasets, as published.

Found at the raw root or up to four folders below it::

    dataset.json                    names of channels and labels
    imagesTr/NAME.nii.gz            Decathlon: (x, y, z) or (x, y, z, channel)
    imagesTr/NAME_0000.nii.gz ...   nnU-Net: one file per channel
    labelsTr/NAME.nii.gz            one label map per case
    imagesTr/NAME.json              optional, of formats without it: {"spacing": [z, y, x]} in mm

Files may have any format that is read: `file_ending` of dataset.json says which, capitals do not
matter. `imagesTs` has no labels and is not read; `._NAME` files of macOS are ignored.

What a number in a label file means differs from release to release, so it is looked up: a
class of the dataset's config is found in dataset.json by its name (capitals, and "-", "_" and
spaces do not matter). Both directions are read, Decathlon's value -> name and nnU-Net's name
-> value or values.

Arrays are (z, y, x, channel), see `segbench.decoders.decoder`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.label_names import (
    channel_names,
    check_labels_taken,
    class_values,
    ignored_labels,
    read_dataset_json,
)
from segbench.datasets.label_values import counted, looked_up, whole_numbers
from segbench.datasets.opening import choices_of, on_grid, read
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import locate, unique
from segbench.decoders.decoder import Entry, Header
from segbench.decoders.faults import warn_once
from segbench.decoders.images import as_image
from segbench.decoders.listing import list_images, moved
from segbench.decoders.registry import BY_ENDING, FORMATS, ending_of
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED

LAYOUT = "dataset.json with the folders imagesTr and labelsTr beside it"

_CHANNEL = re.compile(r"(.+)_(\d{4})")


def _is_base(folder: Path) -> bool:
    return (folder / "dataset.json").is_file() and (folder / "imagesTr").is_dir()


class Msd(Reader):
    """Reader of Decathlon and nnU-Net raw datasets; see the module for the layouts.

    Parameters
    ----------
    dataset : Dataset
        Its classes say which labels become which value.
    """

    decoders = tuple(one.module for one in FORMATS)
    spacing_in_files = True
    channels_in_files = True
    ignores_labels = True

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.choices = choices_of(dataset.layout)

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader for the classes of a dataset."""
        return cls(dataset)

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the cases that have a label, sorted by name.

        Raises
        ------
        SegbenchError
            The folders are not there, or an image has no label, a label no image, or a
            channel is missing.
        """
        base = locate(root, _is_base, LAYOUT)
        ending = _ending(base / "dataset.json")
        labels = _entries(base / "labelsTr", ending)
        images: dict[str, dict[int, Entry]] = defaultdict(dict)
        for stem, entry in _entries(base / "imagesTr", ending).items():
            case, channel = _case(base / "imagesTr" / entry.name, stem, labels)
            images[case][channel] = entry
        ids = ids_of(labels)
        for case in sorted(labels, key=ids.__getitem__):
            found = images[case]
            if sorted(found) not in ([-1], list(range(len(found) or 1))):
                raise _incomplete(base, case, labels[case], list(found.values()), ending)
            yield _sample(root, base, ids[case], [found[k] for k in sorted(found)], labels[case])

    def header(self, root: Path, raw: RawSample) -> Header:
        """What the image's first file says of itself, or the file of its spacing."""
        return _spaced(root, raw, raw.images[0], super().header(root, raw))

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read all channels.

        Returns
        -------
        ndarray
            (z, y, x, channel), or (y, x, channel) of files with one slice; the files' dtype.

        Raises
        ------
        SegbenchError
            A file cannot be decoded, channels differ in size, or there are more or fewer of
            them than dataset.json names.
        """
        first, header = root / raw.images[0], self.header(root, raw)
        parts = [as_image(first, read(first, self.choices))]
        for path in (root / name for name in raw.images[1:]):
            part = on_grid(read(path, self.choices), path, header, first)
            parts.append(as_image(path, part))
        image = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
        dataset_json = root / raw.labels[1]
        names = channel_names(dataset_json)
        if names and len(names) != image.shape[-1]:
            raise SegbenchError(
                f"{root / raw.images[0]}: {image.shape[-1]} channels",
                f"{len(names)} channels, as {dataset_json} names them",
                "fetch this case again, or correct dataset.json",
            )
        return image

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the label map, with the values of the dataset's config.

        Returns
        -------
        ndarray
            uint8. semantic: (z, y, x) or (y, x), 0 where no class is. overlapping: with a last
            axis of one mask (0 or 1) a class, in the order of the config. `UNANNOTATED` where
            the label is one of the dataset's `ignore`, or nnU-Net's `ignore`.

        Raises
        ------
        SegbenchError
            The file cannot be decoded, is not as large as its image, or holds values that
            dataset.json does not name or belong to no class; or a class is not in dataset.json.
        """
        path, dataset_json = root / raw.labels[0], root / raw.labels[1]
        mask = read(path, self.choices, mask=True)
        mask = replace(mask, header=_spaced(root, raw, raw.labels[0], mask.header))
        mask = on_grid(mask, path, self.header(root, raw), root / raw.images[0])
        label = whole_numbers(path, mask)
        present = list(counted(label))
        sets = class_values(self._dataset, dataset_json)
        ignored = ignored_labels(self._dataset, dataset_json, sets)
        check_labels_taken(self._dataset, dataset_json, sets, present, path, ignored)
        classes = self._dataset.classes
        if self._dataset.task == "overlapping":
            hidden = [UNANNOTATED] * len(classes)
            rows = {v: [int(v in sets[one.name]) for one in classes] for v in present}
            return looked_up(label, rows | {v: hidden for v in ignored if v in rows}, np.uint8)
        values = dict.fromkeys(present, 0)
        values |= {v: one.value for one in classes for v in sets[one.name] if v in values}
        values |= {v: UNANNOTATED for v in ignored if v in values}
        return looked_up(label, values, np.uint8)


def _ending(dataset_json: Path) -> str:
    """Ending of the files: dataset.json's `file_ending`, else that of the labels there are."""
    ending = read_dataset_json(dataset_json).get("file_ending")
    if ending is None:
        there = {ending_of(one.name).lower() for one in _listed(dataset_json.parent / "labelsTr")}
        return there.pop() if len(there) == 1 else ".nii.gz"
    if not isinstance(ending, str) or ending.lower() not in BY_ENDING:
        raise SegbenchError(
            f"{dataset_json}: file_ending {ending!r} is not read",
            f"one of {', '.join(sorted(BY_ENDING))}",
            "convert the files to .nii.gz",
        )
    return ending


def _listed(folder: Path) -> list[Entry]:
    if not folder.is_dir():
        raise SegbenchError(f"{folder}: there is no such folder", LAYOUT, "fetch the dataset again")
    return list_images(folder, refuse=False)[0]


def _entries(folder: Path, ending: str) -> dict[str, Entry]:
    """Images or labels of a folder by their names without ending."""
    kept = [one for one in _listed(folder) if one.name.lower().endswith(ending.lower())]
    return unique(folder, kept)


def _incomplete(
    base: Path, case: str, label: Entry, found: list[Entry], ending: str
) -> SegbenchError:
    """The error for a case without all of its images; those with another ending are named."""
    names = sorted(one.name for one in found)
    others = [
        one.name
        for one in _listed(base / "imagesTr")
        if one.stem.startswith(case) and one.name not in names
    ]
    told = f"; {', '.join(others[:3])} do not end in {ending}" if others else ""
    return SegbenchError(
        f"{base / 'labelsTr' / label.name}: its images are {', '.join(names) or 'none'}{told}",
        f"imagesTr/{case}{ending}, or {case}_0000{ending}, {case}_0001{ending}, ...",
        "save images and labels in one format, and name its ending as file_ending in dataset.json; "
        "or use `format: folder`, which takes any"
        if others
        else "fetch the missing image, or remove what does not belong there",
    )


def _sample(root: Path, base: Path, sample: str, images: list[Entry], label: Entry) -> RawSample:
    """A case with all its files: label, dataset.json, and those of the spacing where they are."""
    place = f"{base.relative_to(root).as_posix()}/".removeprefix("./")
    spacings = [f"{place}{folder}/{label.stem}.json" for folder in ("imagesTr", "labelsTr")]
    images = [moved(one, f"{place}imagesTr/") for one in images]
    label = moved(label, f"{place}labelsTr/")
    known = (f"{place}dataset.json", *(name for name in spacings if (root / name).is_file()))
    parts = (*(part for one in (*images, label) for part in one.parts), *known)
    return RawSample(
        sample, tuple(one.name for one in images), (label.name, *known), group=sample, parts=parts
    )


def _spaced(root: Path, raw: RawSample, name: str, header: Header) -> Header:
    """The header of a file that says no grid, with the spacing of the JSON file beside it."""
    beside = [one for one in raw.labels[2:] if one.rpartition("/")[0] == name.rpartition("/")[0]]
    spacing = spacing_of(root / beside[0]) if beside else None
    if spacing is None:
        return header
    axes = len(header.size)
    if len(spacing) < axes:
        raise SegbenchError(
            f"{root / beside[0]}: {len(spacing)} numbers for the {axes} axes of {name}",
            "the spacing as [z, y, x], in millimetres",
            "correct the file",
        )
    shown = ", ".join(f"{mm:g}" for mm in spacing)
    if header.affine is not None:
        if header.spacing_mm is None or not np.allclose(
            header.spacing_mm, spacing[-axes:], 1e-3, 0
        ):
            warn_once(
                f"{root / beside[0]}: its spacing {shown} mm is not that of {name}, which counts"
            )
        return header
    warn_once(f"{root / beside[0]}: the spacing {shown} mm is read in the order z, y, x")
    return replace(header, spacing_mm=spacing[-axes:])


def spacing_of(path: Path) -> tuple[float, ...] | None:
    """The spacing in a JSON file beside an image, in the order of its array: z, y, x.

    nnU-Net takes it in this order (``Tiff3DIO``), other tools have written x first.

    Raises
    ------
    SegbenchError
        The file cannot be read, or its spacing is no two or three lengths.
    """
    found = read_dataset_json(path).get("spacing")
    if found is None:
        return None
    try:
        spacing = tuple(float(mm) for mm in found)
    except (TypeError, ValueError):
        spacing = ()
    if len(spacing) not in {2, 3} or not all(0 < mm < float("inf") for mm in spacing):
        raise SegbenchError(
            f"{path}: the spacing is {found!r}",
            'millimetres along z, y and x, e.g. {"spacing": [2.0, 0.5, 0.5]}',
            "correct the file",
        )
    return spacing


def _case(path: Path, stem: str, labels: Mapping[str, Entry]) -> tuple[str, int]:
    """Name the case that an image belongs to and its channel; -1: the file holds all."""
    if stem in labels:
        return stem, -1
    channel = _CHANNEL.fullmatch(stem)
    if channel and channel[1] in labels:
        return channel[1], int(channel[2])
    raise SegbenchError(
        f"{path}: has no label in labelsTr",
        "a label of the same name (without the channel's _0000) for each training image",
        "fetch the missing label, or move the image to imagesTs",
    )


#: The reader of this format.
READER = Msd
