"""Which files of a folder are images, which are masks, and what belongs together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from segbench.decoders.decoder import Entry
from segbench.inspection.name_ends import Ends, find_ends
from segbench.inspection.names import (
    IMAGE_WORDS,
    MASK_PREFIX,
    MASK_SUFFIX,
    MASK_WORDS,
    SPLITS,
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
    ends : Ends
        What their names have besides the key.
    classes : list of str
        Folders of masks that are called as a class; or folders of images, where there are no
        masks.
    doubles : list of Place
        Images called as another but for the ending.
    spare : list of Place
        Further masks of images that have one.
    """

    images: dict[str, Place]
    masks: dict[str, list[tuple[str, Place]]] = field(default_factory=dict)
    lonely: list[Place] = field(default_factory=list)
    ends: Ends = field(default_factory=Ends)
    classes: list[str] = field(default_factory=list)
    doubles: list[Place] = field(default_factory=list)
    spare: list[Place] = field(default_factory=list)

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
    roles = [(entry, *_role(entry, bare)) for entry in entries]
    called = [entry for entry in entries if _called_mask(entry)]
    if len({_parent(entry) for entry in called}) > 1:
        roles = [(e, "mask" if e in called else role, at) for e, role, at in roles]
    owners = _owners(entries)
    words_of: dict[str, set[str]] = {"mask": set(), "": set()}
    for entry, role, at in roles:
        if at >= 0:
            words_of[role if role == "mask" else ""] |= set(
                words(PurePosixPath(entry.stem).parts[at])
            )
    kept = set(SPLITS) | (words_of["mask"] & words_of[""]) - MASK_WORDS - IMAGE_WORDS
    owned = [_owned(entry) for entry in entries if _parent(entry) in owners]
    roles = [role for role in roles if _parent(role[0]) not in owners]
    images = [_placed(entry, at, kept) for entry, role, at in roles if role != "mask"]
    masks = [_placed(entry, at, kept) for entry, role, at in roles if role == "mask"]
    images += [place for place in owned if not _called_mask(place.entry)]
    masks += [place for place in owned if _called_mask(place.entry)]
    ends = find_ends([place.key for place in images], [place.key for place in masks])
    named: dict[str, Place] = {}
    doubles = []
    for place in images:
        if named.setdefault(ends.image(place.key), place) is not place:
            doubles.append(place)
    found = _joined(named, [(ends.mask(place.key), place) for place in masks])
    return replace(found, doubles=doubles, ends=ends)


def _parent(entry: Entry) -> str:
    return PurePosixPath(entry.stem).parent.as_posix()


def _called_mask(entry: Entry) -> bool:
    """Whether its name is a word for a mask and nothing else."""
    return PurePosixPath(entry.stem).name.lower() in MASK_WORDS


def _owners(entries: Iterable[Entry]) -> set[str]:
    """Folders of one image and its mask, such as ``patient_1/ct.nii`` and ``patient_1/mask.nii``.

    There are several, or it is a picture of a mask among others.
    """
    called: dict[str, list[bool]] = {}
    for entry in entries:
        called.setdefault(_parent(entry), []).append(_called_mask(entry))
    found = {folder for folder, some in called.items() if sorted(some) == [False, True]}
    return found - {"."} if len(found) > 1 else set()


def _owned(entry: Entry) -> Place:
    """An image or mask that is called as its folder."""
    folder = _parent(entry)
    return Place(entry, ".", folder, split_of(PurePosixPath(folder).parts))


def _role(entry: Entry, images: set[str]) -> tuple[str, int]:
    """Whether an entry is a mask, and which of its folders says what it is; -1: none."""
    *folders, name = PurePosixPath(entry.stem).parts
    role, at = role_of(folders)
    suffix = MASK_SUFFIX.search(name)
    bare = PurePosixPath(*folders, name[: suffix.start()]).as_posix() if suffix else ""
    # Among the images, a name that ends like a mask's is one beside the image that it is of.
    if suffix and role != "mask" and (bare in images or not role):
        role = "mask"
    if not role and MASK_PREFIX.match(name):
        role = "mask"
    return role, at


def _placed(entry: Entry, at: int, kept: set[str]) -> Place:
    *folders, name = PurePosixPath(entry.stem).parts
    split = split_of(folders)
    if at < 0:
        return Place(entry, ".", entry.stem, split)
    root = PurePosixPath(*folders[: at + 1]).as_posix()
    left = [word for word in words(folders[at]) if word in kept]
    key = PurePosixPath(*folders[:at], *left, *folders[at + 1 :], name).as_posix()
    return Place(entry, root, key, split)


def _joined(images: Mapping[str, Place], masks: Sequence[tuple[str, Place]]) -> Pairs:
    """Pairs by equal keys; else by keys without the folder of a class."""
    found: dict[str, list[tuple[str, Place]]] = {}
    lonely = [place for key, place in masks if key not in images]
    if masks and len(lonely) == len(masks):
        classes: dict[str, int] = {}
        for key, place in masks:
            name, bare = _class_and_key(key, images)
            if name:
                classes[name] = classes.get(name, 0) + 1
                found.setdefault(bare, []).append((name, place))
        left = [place for key, place in masks if not _class_and_key(key, images)[0]]
        return Pairs(dict(images), found, left, classes=sorted(classes))
    # Where several folders hold a mask of each image, one of them is taken.
    roots = Counter(place.root for key, place in masks if key in images)
    order = sorted(roots, key=lambda root: (-roots[root], root))
    spare = []
    for key, place in sorted(
        masks, key=lambda item: order.index(item[1].root) if item[0] in images else 0
    ):
        if key in images and key not in found:
            found[key] = [("", place)]
        elif key in images:
            spare.append(place)
    classes_of_images = [] if masks else _image_classes(images.values())
    return Pairs(dict(images), found, lonely, classes=classes_of_images, spare=spare)


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
