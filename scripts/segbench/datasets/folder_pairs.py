"""Pair masks with images by name alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from segbench.config.dataset import Layout
from segbench.datasets.tree import unique
from segbench.decoders.decoder import Entry
from segbench.decoders.listing import list_images
from segbench.decoders.registry import BY_ENDING, ending_of
from segbench.errors import SegbenchError

#: At most this many names are listed; the rest are counted.
MAX_NAMES = 5


def keyed(folder: Path, entries: Iterable[Entry], suffix: str, key: str) -> dict[str, Entry]:
    """Images or masks by their stem without the suffix, which is what pairs them.

    Parameters
    ----------
    folder : Path
        Where they are, for messages.
    entries : iterable of Entry
        Relative to `folder`.
    suffix : str
        Ending of each name before the extension.
    key : str
        The key of `layout` that says so, for messages.

    Raises
    ------
    SegbenchError
        A name does not end so, or two differ in their ending alone.
    """
    listed = list(entries)
    for name, _, stem in listed:
        if not stem.endswith(suffix) or f"/{stem}".endswith(f"/{suffix}"):
            raise SegbenchError(
                f"{folder / name}: does not end in {suffix!r}",
                f"names such as NAME{suffix}{ending_of(name)}, as layout.{key} is {suffix!r}",
                f"rename the file, or correct layout.{key} in the dataset's config",
            )
    return unique(folder, listed, suffix)


def images_of(base: Path, layout: Layout) -> dict[str, Entry]:
    """Images of a folder by their key; masks that lie among them are left out.

    Raises
    ------
    SegbenchError
        There are none, or two differ in their ending alone.
    """
    folder, masks = base / layout.images, base / layout.masks
    entries, others = list_images(folder)
    if masks == folder and not layout.mask_dataset:
        if not layout.mask_suffix:
            raise SegbenchError(
                f"{folder}: images and masks are in one folder",
                "masks that can be told apart by name",
                "set layout.mask_suffix, e.g. _mask, or put the masks in a folder of their own; "
                "set layout.mask_dataset if each file holds an image and its mask",
            )
        entries = [one for one in entries if not one.stem.endswith(layout.mask_suffix)]
    elif masks != folder and masks.is_relative_to(folder):
        inside = masks.relative_to(folder).parts
        entries = [e for e in entries if PurePosixPath(e.name).parts[: len(inside)] != inside]
    if not entries:
        kinds = sorted({Path(name).suffix for name in others})
        raise SegbenchError(
            f"{folder}: no images are in it"
            + (f" (files ending in {', '.join(kinds)} are)" if kinds else " (it is empty)"),
            f"files ending in {', '.join(sorted(BY_ENDING))}",
            "put the images there, or correct layout.images in the dataset's config",
        )
    return keyed(folder, entries, layout.image_suffix, "image_suffix")


def masks_of(folder: Path, layout: Layout, among_images: bool) -> dict[str, Entry]:
    """Masks of a folder by their key."""
    entries, _ = list_images(folder)
    if among_images:
        entries = [one for one in entries if one.stem.endswith(layout.mask_suffix)]
    return keyed(folder, entries, layout.mask_suffix, "mask_suffix")


def check_pairs(
    images: Mapping[str, Entry], masks: Mapping[str, Entry], image_folder: Path, mask_folder: Path
) -> None:
    """Refuse images without a mask and masks without an image, with the nearest name of each.

    Parameters
    ----------
    images, masks : mapping of str to Entry
        By their keys.
    image_folder, mask_folder : Path
        For the message.

    Raises
    ------
    SegbenchError
        All that do not pair, in one message.
    """
    unpaired_images = sorted(images.keys() - masks.keys())
    unpaired_masks = sorted(masks.keys() - images.keys())
    if not unpaired_images and not unpaired_masks:
        return
    parts = []
    if unpaired_images:
        parts.append(
            f"{len(unpaired_images)} of {len(images)} images have no mask in {mask_folder}: "
            + _listed(unpaired_images, images, unpaired_masks, masks)
        )
    if unpaired_masks:
        parts.append(
            f"{len(unpaired_masks)} of {len(masks)} masks have no image in {image_folder}: "
            + _listed(unpaired_masks, masks, unpaired_images, images)
        )
    raise SegbenchError(
        "; ".join(parts),
        "a mask that is named like its image, apart from endings",
        _pairing_hint(unpaired_images, unpaired_masks),
    )


def _listed(
    keys: list[str], found: Mapping[str, Entry], others: list[str], known: Mapping[str, Entry]
) -> str:
    shown = []
    for key in keys[:MAX_NAMES]:
        near = get_close_matches(key, others, n=1, cutoff=0.6)
        hint = f" (nearest: {known[near[0]].name})" if near else ""
        shown.append(found[key].name + hint)
    more = f", and {len(keys) - MAX_NAMES} more" if len(keys) > MAX_NAMES else ""
    return ", ".join(shown) + more


def _pairing_hint(unpaired_images: list[str], unpaired_masks: list[str]) -> str:
    """Name the suffix that all masks, or all images, have more, if it is one."""
    for longer, shorter, key in (
        (unpaired_masks, unpaired_images, "mask_suffix"),
        (unpaired_images, unpaired_masks, "image_suffix"),
    ):
        rests = set()
        for name in longer:
            stems = [stem for stem in shorter if name.startswith(stem)]
            if stems:
                rests.add(name[len(max(stems, key=len)) :])
        if longer and len(rests) == 1:
            return f"set layout.{key}: {rests.pop()!r} in the dataset's config"
    return "rename the files; save an empty mask for an image without objects; or remove the images"
