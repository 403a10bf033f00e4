"""How the names of images and of their masks differ: at their beginnings and ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

from segbench.inspection.survey import spread

#: The last parts of a name, between separators.
_TAIL = re.compile(r"([-_. ][A-Za-z][^-_. ]*)([-_. ][A-Za-z][^-_. ]*)?$")
#: At most so many ends of masks are tried, the most frequent ones.
TRIED = 6
#: Ends are looked for in so many names, and tried on so many.
LOOKED_AT = 2000


@dataclass(frozen=True)
class Ends:
    """What is not part of the name that an image and its mask share."""

    image_prefix: str = ""
    image_suffix: str = ""
    mask_prefix: str = ""
    mask_suffix: str = ""

    def image(self, key: str) -> str:
        """The shared name of an image; its own where it lacks these ends."""
        return _stripped(key, self.image_prefix, self.image_suffix) or key

    def mask(self, key: str) -> str:
        """The shared name of a mask; empty where it lacks these ends."""
        return _stripped(key, self.mask_prefix, self.mask_suffix)


def find_ends(images: Sequence[str], masks: Sequence[str]) -> Ends:
    """The ends without which most masks are called as an image.

    Parameters
    ----------
    images, masks : sequence of str
        Paths without endings.

    Examples
    --------
    >>> find_ends(["image_1", "image_2"], ["mask_1", "mask_2"])
    Ends(image_prefix='image_', image_suffix='', mask_prefix='mask_', mask_suffix='')
    >>> find_ends(["a_photo", "b_photo"], ["a_gt_ids", "a_gt_colour", "b_gt_ids"]).mask_suffix
    '_gt_ids'
    """
    some = spread(masks, LOOKED_AT)
    best, most = Ends(), 0
    # Of masks in a folder for each class, only the last part of the path is that of the image.
    for whole in (True, False):
        wanted = images if whole else [PurePosixPath(key).name for key in images]
        offered = some if whole else [PurePosixPath(key).name for key in some]
        for ends in _candidates(wanted, offered):
            named = {ends.image(key) for key in wanted}
            count = sum(1 for key in offered if ends.mask(key) in named)
            if count > most:
                best, most = ends, count
        if most:
            return best
    return best


def _candidates(images: Sequence[str], masks: Sequence[str]) -> Iterable[Ends]:
    """From the simplest on: of equal ones the first is taken."""
    image_names = [PurePosixPath(key).name for key in spread(images, LOOKED_AT)]
    mask_names = [PurePosixPath(key).name for key in masks]
    tails: Counter[str] = Counter()
    for name in mask_names:
        if found := _TAIL.search(name):
            tails.update({found[0], found[2] or found[1]})
    known = set(image_names)
    tails.update(rest for name in mask_names if (rest := _rest(name, known)))
    suffixes = ["", *sorted((tail for tail, _ in tails.most_common(TRIED)), key=len)]
    image_rests = Counter(rest for name in image_names if (rest := _rest(name, set(mask_names))))
    image_suffixes = dict.fromkeys(
        ["", _common_suffix(image_names), *(rest for rest, _ in image_rests.most_common(1))]
    )
    prefixes = product(
        dict.fromkeys(["", _common_prefix(image_names)]),
        dict.fromkeys(["", _common_prefix(mask_names)]),
    )
    for image_prefix, mask_prefix in prefixes:
        for image_suffix, mask_suffix in product(image_suffixes, suffixes):
            yield Ends(image_prefix, image_suffix, mask_prefix, mask_suffix)


def _stripped(key: str, prefix: str, suffix: str) -> str:
    if not prefix and not suffix:
        return key
    parent, slash, name = key.rpartition("/")
    if len(name) <= len(prefix) + len(suffix):
        return ""
    if not (name.startswith(prefix) and name.endswith(suffix)):
        return ""
    return f"{parent}{slash}{name[len(prefix) : len(name) - len(suffix)]}"


def _common_prefix(names: Sequence[str]) -> str:
    """What all names begin with, up to their number."""
    return _shared(names).rstrip("0123456789") if len(names) > 1 else ""


def _shared(names: Sequence[str]) -> str:
    """The beginning of all names: that of the first and the last in order."""
    first, last = min(names), max(names)
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first[:length]


def _common_suffix(names: Sequence[str]) -> str:
    """What all names end with, from a separator on."""
    if len(names) < 2:
        return ""
    backwards = _shared([name[::-1] for name in names])[::-1]
    start = re.search(r"[-_. ]", backwards)
    return backwards[start.start() :] if start else ""


def _rest(name: str, others: set[str]) -> str:
    """What a name has more than the longest other name that it begins with."""
    for length in range(len(name) - 1, 0, -1):
        if name[:length] in others:
            return name[length:]
    return ""
