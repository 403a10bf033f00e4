"""What names say: whether a file is an image or a mask, its split, its group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

MASK_WORDS = frozenset({
    "mask", "masks", "seg", "segs", "segmentation", "segmentations", "label", "labels", "lbl",
    "lbls", "labelstr", "gt", "groundtruth", "truth", "annotation", "annotations", "annotated",
    "annot", "target", "targets", "manual", "manuals",
})  # fmt: skip
IMAGE_WORDS = frozenset({
    "image", "images", "img", "imgs", "im", "imagestr", "raw", "input", "inputs", "photo",
    "photos", "frame", "frames", "scan", "scans", "picture", "pictures", "tile", "tiles",
    "volume", "volumes", "original", "originals",
})  # fmt: skip
#: Words for a part of a split -> what a sheet calls it.
SPLITS = {
    "train": "train", "training": "train", "val": "train", "valid": "train",
    "validation": "train", "dev": "train", "test": "test", "testing": "test",
}  # fmt: skip

#: How masks are told from images by the ends of their names.
MASK_SUFFIX = re.compile(
    r"[-_. ](?:mask|masks|seg|segm|segmentation|label|labels|lbl|gt|ground[-_]?truth|annotation|"
    r"annotated|manual)\d?$",
    re.IGNORECASE,
)

#: And by their beginnings, before a number.
MASK_PREFIX = re.compile(
    r"(?:mask|seg|man_seg|segmentation|label|lbl|gt|ground[-_]?truth)s?[-_. ]?\d", re.IGNORECASE
)

#: Names that say of whom or of what an image is; its number or letters follow.
_OWNERS = (
    "patient|pat|subject|subj|sub|case|mouse|animal|rat|donor|person|participant|slide|plate|well|"
    "specimen|block"
)
_OWNER = re.compile(rf"(?:^|[^a-z])((?:{_OWNERS})[-_ ]?[0-9a-z]*\d[0-9a-z]*)(?:$|[^0-9a-z])")
#: A number at the end, perhaps named, is that of a slice, frame or tile.
_PART = re.compile(
    r"[-_. ]+(?:(?:slice|frame|tile|patch|crop|img|image|im|z|t|s|n|no|x|y|fov|field|pos)?"
    r"[-_. ]?\d+[-_. ]*)+$",
    re.IGNORECASE,
)


def words(name: str) -> list[str]:
    """Lower-case words of a name.

    Examples
    --------
    >>> words("Train_Masks-2"), words("JPEGImages")
    (['train', 'masks'], ['jpeg', 'images'])
    """
    return [word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def role_of(folders: Sequence[str]) -> tuple[str, int]:
    """Whether folders say that what is in them are masks or images, and which of them says it.

    Returns
    -------
    role : {"mask", "image", ""}
    place : int
        Index into `folders`; the last one that says it counts. -1: none.

    Examples
    --------
    >>> role_of(["segmentation data", "images"]), role_of(["a"])
    (('image', 1), ('', -1))
    """
    for place in range(len(folders) - 1, -1, -1):
        said = set(words(folders[place]))
        if said & MASK_WORDS:
            return "mask", place
        if said & IMAGE_WORDS:
            return "image", place
    return "", -1


def split_of(folders: Sequence[str]) -> str:
    """The split that folders are called after; empty: none.

    Examples
    --------
    >>> split_of(["val_images"]), split_of(["a"])
    ('val', '')
    """
    return next((word for name in folders for word in words(name) if word in SPLITS), "")


def key_of(image: str, split: str) -> str:
    """What an image and its mask are called in a new folder: its path without what folders say.

    Parameters
    ----------
    image : str
        Path of the image.
    split : str
        The part of a split that it is of; empty: none.

    Examples
    --------
    >>> key_of("images/train2017/day 1/a.jpg", "train"), key_of("a.jpg", "")
    ('train/day 1/a', 'a')
    """
    path = PurePosixPath(image)
    folders = [name for name in path.parts[:-1] if not {*words(name)} & (IMAGE_WORDS | {*SPLITS})]
    return PurePosixPath(split, *folders, path.stem).as_posix()


def guessed_groups(keys: Sequence[str]) -> tuple[dict[str, str], str]:
    """Groups of images as their names suggest them.

    Parameters
    ----------
    keys : sequence of str
        Paths of the images below their folder, without endings.

    Returns
    -------
    groups : dict of str to str
        Key -> group; empty where names suggest none, or all images are one group.
    why : str
        What the names have in common.

    Examples
    --------
    >>> guessed_groups(["p1_001", "p1_002", "p2_001"])
    ({'p1_001': 'p1', 'p1_002': 'p1', 'p2_001': 'p2'}, 'names that are equal but for a last number')
    >>> guessed_groups(["a", "b"])
    ({}, '')
    """
    owners = {key: found[-1] for key in keys if (found := _OWNER.findall(key.lower()))}
    if len(owners) == len(keys) and _useful(owners):
        return owners, "a patient, animal, slide or the like in the names"
    folders = {key: PurePosixPath(key).parent.as_posix() for key in keys}
    if len({split_of(PurePosixPath(name).parts) for name in folders.values()}) == 1 and _useful(
        folders
    ):
        return folders, "folders"
    stems = {key: _PART.sub("", PurePosixPath(key).name) for key in keys}
    if _useful(stems) and not any(split_of([stem]) for stem in stems.values()):
        return stems, "names that are equal but for a last number"
    return {}, ""


def _useful(groups: dict[str, str]) -> bool:
    """Whether there are several groups and at least a third of the samples share theirs."""
    sizes = Counter(groups.values())
    shared = sum(size for size in sizes.values() if size > 1)
    return len(sizes) > 1 and all(groups.values()) and 3 * shared >= len(groups)
