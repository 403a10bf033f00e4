"""Which files of a folder are images, which are masks, and what belongs together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from segbench.decoders.decoder import Entry
from segbench.inspection.names import (
    IMAGE_WORDS,
    MASK_SUFFIX,
    MASK_WORDS,
    role_of,
    split_of,
    words,
)

#: Ends of names that images may have where masks have another.
_IMAGE_SUFFIX = re.compile(r"[-_. ](?:image|img|im|raw|photo|frame|orig|original|input)$", re.I)


@dataclass(frozen=True)
class Place:
    """Where an entry lies.

    Attributes
    ----------
    entry : Entry
    root : str
        The folder that says what it is, ``.`` for the folder that is inspected.
    key : str
        Its path without that folder and without ending: what pairs it.
    split : str
        The part of a split that its folders are called after; empty: none.
    """

    entry: Entry
    root: str
    key: str
    split: str


@dataclass(frozen=True)
class Pairs:
    """Images and masks of a folder.

    Attributes
    ----------
    images : dict of str to Place
        By key.
    masks : dict of str to list of (str, Place)
        Key of an image -> its masks, each after the class whose folder it is in; the class is
        empty where one mask holds all.
    lonely : list of Place
        Masks without an image.
    image_suffix, mask_suffix : str
        Ends of the names before the ending.
    classes : list of str
        Folders of masks that are called as a class; or folders of images, where there are no
        masks.
    doubles : list of Place
        Images called as another but for the ending.
    """

    images: dict[str, Place]
    masks: dict[str, list[tuple[str, Place]]] = field(default_factory=dict)
    lonely: list[Place] = field(default_factory=list)
    image_suffix: str = ""
    mask_suffix: str = ""
    classes: list[str] = field(default_factory=list)
    doubles: list[Place] = field(default_factory=list)

    @property
    def unmasked(self) -> list[Place]:
        """Images without a mask."""
        return [place for key, place in self.images.items() if key not in self.masks]

    @property
    def all_masks(self) -> list[Place]:
        """All masks that have an image."""
        return [place for some in self.masks.values() for _, place in some]

    def roots(self) -> tuple[set[str], set[str]]:
        """Folders of the images and of the masks."""
        return (
            {place.root for place in self.images.values()},
            {place.root for place in self.all_masks},
        )

    def splits(self) -> dict[str, str]:
        """Key of an image -> the part of a split that it lies in; only if all lie in one."""
        found = {key: place.split for key, place in self.images.items()}
        return found if all(found.values()) and len(set(found.values())) > 1 else {}


def pair(entries: Sequence[Entry]) -> Pairs:
    """Tell masks from images by their names, and pair them."""
    # Of an image a_img the mask is a_mask, or a_img_mask.
    bare = {entry.stem for entry in entries}
    bare |= {_IMAGE_SUFFIX.sub("", stem) for stem in bare}
    images: list[Place] = []
    masks: list[Place] = []
    for entry in entries:
        role, place = _placed(entry, bare)
        (masks if role == "mask" else images).append(place)
    suffixed = _common(MASK_SUFFIX, [place.key for place in masks])
    named = {place.key: place for place in images}
    keyed = [(place.key.removesuffix(suffixed), place) for place in masks]
    rest, image_suffix = _suffixes(named, [key for key, _ in keyed])
    named = {}
    doubles = []
    for place in images:
        if named.setdefault(place.key.removesuffix(image_suffix), place) is not place:
            doubles.append(place)
    keyed = [(key.removesuffix(rest), place) for key, place in keyed]
    return replace(_joined(named, keyed, image_suffix, rest + suffixed), doubles=doubles)


def _placed(entry: Entry, images: set[str]) -> tuple[str, Place]:
    *folders, name = PurePosixPath(entry.stem).parts
    role, at = role_of(folders)
    suffix = MASK_SUFFIX.search(name)
    parent = PurePosixPath(*folders).as_posix()
    bare = PurePosixPath(parent, name[: suffix.start()]).as_posix() if suffix else ""
    # Among the images, a name that ends like a mask's is one beside the image that it is of.
    if suffix and role != "mask" and (bare in images or not role):
        role = "mask"
    split = split_of(folders)
    if at < 0:
        return role, Place(entry, ".", entry.stem, split)
    root = PurePosixPath(*folders[: at + 1]).as_posix()
    left = [word for word in words(folders[at]) if word not in MASK_WORDS | IMAGE_WORDS]
    key = PurePosixPath(*folders[:at], *left, *folders[at + 1 :], name).as_posix()
    return role, Place(entry, root, key, split)


def _common(pattern: re.Pattern[str], names: Iterable[str]) -> str:
    """The end that all names have in common, if it is of this kind."""
    found = {match[0] if (match := pattern.search(name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


def _suffixes(images: Mapping[str, Place], masks: Sequence[str]) -> tuple[str, str]:
    """The ends that all masks, or all images, have more than the other."""
    if set(images) & set(masks):
        return "", ""
    common = _common(_IMAGE_SUFFIX, images)
    if common and {name.removesuffix(common) for name in images} & set(masks):
        return "", common
    rests = Counter(_rest(name, images) for name in masks)
    if rests and (best := rests.most_common(1)[0])[0] and 2 * best[1] > len(masks):
        return best[0], ""
    rests = Counter(_rest(name, masks) for name in images)
    if rests and (best := rests.most_common(1)[0])[0] and 2 * best[1] > len(masks):
        return "", best[0]
    return "", ""


def _rest(name: str, others: Iterable[str]) -> str:
    """What a name has more than the longest other name that it begins with."""
    known = set(others) if not isinstance(others, Mapping) else others
    for length in range(len(name) - 1, 0, -1):
        if name[:length] in known:
            return name[length:]
    return ""


def _joined(
    images: Mapping[str, Place],
    masks: Sequence[tuple[str, Place]],
    image_suffix: str,
    mask_suffix: str,
) -> Pairs:
    """Pairs by equal keys; else by keys without the folder of a class."""
    found: dict[str, list[tuple[str, Place]]] = {}
    lonely = [(key, place) for key, place in masks if key not in images]
    if masks and len(lonely) == len(masks):
        classes: dict[str, int] = {}
        for key, place in masks:
            name, bare = _class_and_key(key, images)
            if name:
                classes[name] = classes.get(name, 0) + 1
                found.setdefault(bare, []).append((name, place))
        if found:
            left = [place for key, place in masks if not _class_and_key(key, images)[0]]
            return Pairs(dict(images), found, left, image_suffix, mask_suffix, sorted(classes))
    for key, place in masks:
        if key in images:
            found.setdefault(key, []).append(("", place))
    classes_of_images = [] if masks else _image_classes(images.values())
    return Pairs(
        dict(images), found, [place for _, place in lonely], image_suffix, mask_suffix,
        classes_of_images,
    )  # fmt: skip


def _class_and_key(key: str, images: Mapping[str, Place]) -> tuple[str, str]:
    """A folder in the key of a mask without which it is that of an image."""
    parts = PurePosixPath(key).parts
    for place in range(len(parts) - 1):
        bare = PurePosixPath(*parts[:place], *parts[place + 1 :]).as_posix()
        if bare in images:
            return parts[place], bare
    return "", ""


def _image_classes(places: Iterable[Place]) -> list[str]:
    """The folders that all images lie in, if there are several and they are no splits."""
    tops = []
    for place in places:
        parts = PurePosixPath(place.key).parts
        if len(parts) < 2 or split_of(parts[:1]):
            return []
        tops.append(parts[0])
    return sorted(set(tops)) if len(set(tops)) > 1 else []
