"""Medical Segmentation Decathlon and nnU-Net raw datasets, as published.

Found at the raw root or up to four folders below it::

    dataset.json                    names of channels and labels
    imagesTr/NAME.nii.gz            Decathlon: (x, y, z) or (x, y, z, channel)
    imagesTr/NAME_0000.nii.gz ...   nnU-Net: one file per channel; .nii, .png, .tif, .bmp too
    labelsTr/NAME.nii.gz            one label map per case

`imagesTs` has no labels and is not read; `._NAME` files of macOS are ignored.

What a number in a label file means differs from release to release, so it is looked up: a
class of the dataset's config is found in dataset.json by its name (capitals, and "-", "_" and
spaces do not matter). Both directions are read, Decathlon's value -> name and nnU-Net's name
-> value or values.

Arrays are (z, y, x, channel), see `segbench.decoders.decoder`.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.label_names import (
    check_labels_taken,
    class_values,
    ignored_labels,
    read_dataset_json,
)
from segbench.datasets.label_values import counted, looked_up, whole_numbers
from segbench.datasets.opening import choices_of, on_grid, read, read_mask
from segbench.datasets.tree import check_id, locate
from segbench.decoders.images import as_image
from segbench.decoders.listing import is_junk
from segbench.decoders.registry import BY_ENDING, FORMATS
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
        labels = _stems(base / "labelsTr", ending)
        images: dict[str, dict[int, str]] = defaultdict(dict)
        for stem, name in _stems(base / "imagesTr", ending).items():
            case, channel = _case(base / "imagesTr" / name, stem, labels)
            images[case][channel] = name
        for case in sorted(labels):
            found = images[case]
            if sorted(found) not in ([-1], list(range(len(found) or 1))):
                raise SegbenchError(
                    f"{base / 'labelsTr' / labels[case]}: its images are "
                    f"{', '.join(sorted(found.values())) or 'none'}",
                    f"imagesTr/{case}{ending}, or {case}_0000{ending}, {case}_0001{ending}, ...",
                    "fetch the missing image, or remove what does not belong there",
                )
            files = [base / "imagesTr" / found[channel] for channel in sorted(found)]
            known = [base / "labelsTr" / labels[case], base / "dataset.json"]
            yield RawSample.below(root, check_id(case, known[0]), files, known, group=case)

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
        content = read_dataset_json(dataset_json)
        names = content.get("channel_names", content.get("modality"))
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
        mask = read_mask(path, self.header(root, raw), root / raw.images[0], self.choices)
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
        labels = dataset_json.parent / "labelsTr"
        names = sorted(os.listdir(labels)) if labels.is_dir() else []
        plain = any(name.endswith(".nii") and not is_junk(name) for name in names)
        packed = any(name.endswith(".nii.gz") and not is_junk(name) for name in names)
        return ".nii" if plain and not packed else ".nii.gz"
    if not isinstance(ending, str) or ending.lower() not in BY_ENDING:
        raise SegbenchError(
            f"{dataset_json}: file_ending {ending!r} is not read",
            f"one of {', '.join(sorted(BY_ENDING))}",
            "convert the files to .nii.gz",
        )
    return ending


def _stems(folder: Path, ending: str) -> dict[str, str]:
    """Names of the files in a folder by their name without ending, junk left out."""
    if not folder.is_dir():
        raise SegbenchError(f"{folder}: there is no such folder", LAYOUT, "fetch the dataset again")
    ending = ending.lower()
    names = sorted(n for n in os.listdir(folder) if n.lower().endswith(ending) and not is_junk(n))
    return {name[: -len(ending)]: name for name in names}


def _case(path: Path, stem: str, labels: Mapping[str, str]) -> tuple[str, int]:
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
