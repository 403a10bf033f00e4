"""What the config of an inspected folder should say."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from segbench.cells import unfit, visible
from segbench.datasets.label_names import label_values
from segbench.decoders.decoder import Header
from segbench.inspection.labels import IGNORED, Labels
from segbench.inspection.names import SPLITS, guessed_groups
from segbench.inspection.pairs import Pairs, Place
from segbench.inspection.survey import Survey
from segbench.inspection.yaml_text import text_of

#: Highest value of a class.
HIGHEST = 254
#: Sides of training patches are no larger than this, in images and in volumes.
PATCH = {2: 64, 3: 24}


@dataclass(frozen=True)
class Named:
    """A class: its name, its value in our label maps, and its labels in the masks."""

    name: str
    value: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What is written into the config.

    Attributes
    ----------
    format, task : str
    why : str
        Why this task, for a comment.
    classes : tuple of Named
    ignore : tuple of str
        Labels that seem to mean that nobody annotated a pixel.
    layout : mapping of str to str
        Keys of `layout` that differ from their defaults.
    sheet : dict of str to (str, str)
        Sample -> group and split, for a sheet; empty: none is needed.
    groups : str
        Why the groups of `sheet` are what they are; empty: there are none.
    tested : bool
        Some samples are of a test set.
    channels : str
        For the preprocessing recipe.
    size : tuple of int
        The shortest sides of the images: (y, x) or (z, y, x).
    spaced : bool
        All files say how large a pixel is.
    count : int
        Groups, or images where there are none.
    """

    format: str = "folder"
    task: str = "semantic"
    why: str = ""
    classes: tuple[Named, ...] = ()
    ignore: tuple[str, ...] = ()
    layout: Mapping[str, str] = field(default_factory=dict)
    sheet: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    groups: str = ""
    tested: bool = False
    channels: str = "grey"
    size: tuple[int, ...] = (1, 1)
    spaced: bool = False
    count: int = 0

    @property
    def patch(self) -> tuple[int, ...]:
        """Sides of a training patch that fits into every image: multiples of 2 ** `depth`."""
        step = 2**self.depth
        most = PATCH.get(len(self.size), 64)
        return tuple(max(min(side, most) // step * step, 1) for side in self.size)

    @property
    def depth(self) -> int:
        """Levels of a U-Net that the smallest side allows."""
        return next((depth for depth in (3, 2, 1) if min(self.size) >= 2 ** (depth + 1)), 1)


def classes_named(names: Sequence[str]) -> tuple[Named, ...]:
    """Classes by their names, which are changed where tables cannot hold them or they are equal.

    Their labels are then the names as they were.

    Examples
    --------
    >>> [(one.name, one.labels) for one in classes_named(["cat", "Cat", "a  b"])]
    [('cat', ()), ('Cat 2', ('Cat',)), ('a b', ('"a  b"',))]
    """
    taken: set[str] = set()
    found = []
    for number, name in enumerate(names[:HIGHEST], 1):
        # Control characters make blanks, which `visible` joins.
        shown = visible("".join(" " if unfit(letter) else letter for letter in name))
        shown = shown or f"class {number}"
        while shown.casefold() in taken:
            shown = f"{shown} {number}"
        taken.add(shown.casefold())
        found.append(Named(shown, number, () if shown == name else (text_of(name),)))
    return tuple(found)


def propose(found: Survey, pairs: Pairs, labels: Labels) -> Proposal:
    """A config for images and masks that pair by name."""
    headers = _headers(found, pairs)
    groups, why = guessed_groups(list(pairs.images))
    splits = pairs.splits()
    sides = {(group, SPLITS.get(splits.get(key, ""), "")) for key, group in groups.items()}
    if len(sides) > len(set(groups.values())):
        groups, why = {}, ""  # of a group on both sides of a split the names say too much
    sheet = {
        _sample(place, pairs.ends.image_suffix) or key: (
            groups.get(key, ""),
            SPLITS.get(splits.get(key, ""), "train"),
        )
        for key, place in (pairs.images.items() if groups or splits else ())
    }
    proposal = Proposal(
        layout=layout_of(pairs) or {},
        sheet=sheet,
        groups=why,
        tested="test" in {split for _, split in sheet.values()},
        channels=_channels(headers),
        size=_smallest(headers),
        spaced=_spaced(headers),
        count=len(set(groups.values())) or len(pairs.images),
    )
    if not pairs.masks:
        classes = classes_named(pairs.classes)
        return replace(
            proposal, task="classification", classes=classes,
            why="no masks, and folders that could be classes",
        )  # fmt: skip
    return _with_classes(proposal, pairs, labels)


def _with_classes(proposal: Proposal, pairs: Pairs, labels: Labels) -> Proposal:
    if pairs.classes:
        classes = classes_named(pairs.classes)
        return replace(proposal, task="overlapping", classes=classes,
                       why="a folder of masks for each class")  # fmt: skip
    if labels.layers:
        classes = tuple(Named(one.name, one.value) for one in classes_named(labels.layers))
        return replace(proposal, task="overlapping", classes=classes, why="masks of several layers")
    if labels.instances:
        return replace(proposal, task="instances", classes=(Named("object", 1),),
                       why="the values look like numbers of objects")  # fmt: skip
    values = sorted(set(labels.pixels) - {0})
    ignored = (
        {v for v in values if v in IGNORED} if len(values) > 1 and not labels.by_colour else set()
    )
    kept = [value for value in values if value not in ignored]
    if labels.smeared or not kept:
        kept = [max(values, default=1, key=lambda value: labels.pixels[value])]
        ignored = set()
    names = [
        labels.names.get(value, "object" if len(kept) == 1 else f"class {labels.shown(value)}")
        for value in kept
    ]
    classes = tuple(
        Named(
            one.name,
            one.value,
            () if not labels.by_colour and value == one.value else (labels.shown(value),),
        )
        for one, value in zip(classes_named(names), kept, strict=False)
    )
    why = "few values, which are classes"
    if len(kept) > 2 and kept == list(range(1, len(kept) + 1)) and not labels.names:
        why += "; if they number objects: instances"
    return replace(
        proposal, task="semantic", classes=classes, ignore=tuple(map(str, sorted(ignored))),
        why=why,
    )  # fmt: skip


def _smallest(headers: Iterable[Header]) -> tuple[int, ...]:
    """The shortest side along each axis, of images or of volumes, whichever are more."""
    sizes = [header.size for header in headers]
    if not sizes:
        return (64, 64)
    axes = Counter(map(len, sizes)).most_common(1)[0][0]
    return tuple(map(min, zip(*(size for size in sizes if len(size) == axes), strict=True)))


def _spaced(headers: Iterable[Header]) -> bool:
    return all(header.spacing_mm is not None for header in headers)


def _channels(headers: Iterable[Header]) -> str:
    """`channels` of a recipe that takes all images."""
    counts = {h.shape[-1] - h.alpha if h.axes.endswith("c") else 1 for h in headers}
    if any(len(h.size) == 3 for h in headers) or not counts <= {1, 3}:
        return "all"
    return "rgb" if 3 in counts else "grey"


def layout_of(pairs: Pairs) -> dict[str, str] | None:
    """The keys of `layout` with which the reader of folders pairs them; None: there are none."""
    images, masks = pairs.roots()
    prefixed = pairs.ends.image_prefix or pairs.ends.mask_prefix
    if len(images) != 1 or len(masks) > 1 or prefixed:
        return None
    image_root, mask_root = min(images), min(masks, default="masks")
    for key, some in pairs.masks.items():
        wanted_key = _sample(pairs.images[key], pairs.ends.image_suffix)
        for name, place in some:
            root = PurePosixPath(mask_root, name).as_posix()
            if _below(place.entry.stem, root, pairs.ends.mask_suffix) != wanted_key:
                return None
    wanted = {
        "images": (image_root, "images"), "masks": (mask_root, "masks"),
        "image_suffix": (pairs.ends.image_suffix, ""), "mask_suffix": (pairs.ends.mask_suffix, ""),
    }  # fmt: skip
    return {key: value for key, (value, default) in wanted.items() if value != default}


def _sample(place: Place, suffix: str) -> str | None:
    """What the reader of folders calls an image."""
    return _below(place.entry.stem, place.root, suffix)


def _below(stem: str, root: str, suffix: str) -> str | None:
    path = PurePosixPath(stem)
    if not path.is_relative_to(root):
        return None
    return path.relative_to(root).as_posix().removesuffix(suffix)


def of_dsb2018(found: Survey, pairs: Pairs) -> Proposal | None:
    """A config where each image has a folder ``images`` and one of masks, an object in each."""
    folders = {PurePosixPath(place.root).parent.as_posix() for place in pairs.images.values()}
    masks = {PurePosixPath(place.root).parent.as_posix() for place in pairs.lonely}
    names = {PurePosixPath(place.root).name for place in (*pairs.images.values(), *pairs.lonely)}
    if (
        len(folders) < max(len(pairs.images), 2)
        or not masks <= folders
        or names != {"images", "masks"}
    ):
        return None
    headers = _headers(found, pairs)
    return Proposal(
        format="dsb2018",
        task="instances",
        why="a folder of masks for each image, one object in each",
        classes=(Named("object", 1),),
        channels=_channels(headers),
        size=_smallest(headers),
        spaced=_spaced(headers),
        count=len(pairs.images),
    )


def _headers(found: Survey, pairs: Pairs) -> list[Header]:
    names = (place.entry.name for place in pairs.images.values())
    return [found.headers[name] for name in names if name in found.headers]


def of_nnunet(found: Survey, path: Path) -> Proposal:
    """A config for a Decathlon or nnU-Net raw dataset, by its dataset.json."""
    said = label_values(path)
    names = {
        name: values
        for name, values in said.items()
        if values - {0} and name.casefold() not in {"background", "ignore"}
    }
    regions = any(len(values) > 1 for values in names.values())
    headers = [h for name, h in found.headers.items() if "imagesTr" in PurePosixPath(name).parts]
    volumes = any(len(header.size) == 3 for header in headers)
    cases = {e.name for e in found.entries if "labelsTr" in PurePosixPath(e.name).parts}
    return Proposal(
        format="msd",
        task="overlapping" if regions else "semantic",
        why="regions that overlap, by dataset.json" if regions else "label maps, by dataset.json",
        classes=classes_named(list(names)),
        ignore=tuple(name for name in said if name.casefold() == "ignore"),
        channels="all" if volumes else _channels(headers),
        size=_smallest(headers),
        spaced=_spaced(headers),
        count=len(cases),
    )


def sheet_in(folder: Path, others: Sequence[str]) -> str:
    """A table in the folder that has the column sample; empty: there is none."""
    for name in others:
        if name.lower().endswith((".csv", ".tsv")):
            try:
                with (folder / name).open(encoding="utf-8-sig", newline="") as handle:
                    head = handle.readline()
            except (OSError, UnicodeDecodeError):
                continue
            delimiter = max("\t;,", key=head.count)
            cells = next(csv.reader([head], delimiter=delimiter), [])
            if "sample" in [cell.strip() for cell in cells]:
                return name
    return ""
