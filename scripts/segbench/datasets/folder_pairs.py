"""Pair masks with images by name alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from segbench.config.dataset import Layout
from segbench.datasets.folder_files import ending_of, listing
from segbench.datasets.tree import check_id, unique
from segbench.errors import SegbenchError

#: At most this many names are listed; the rest are counted.
MAX_NAMES = 5


def keyed(folder: Path, names: Iterable[str], suffix: str, key: str) -> dict[str, str]:
    """Files by their path without ending and suffix, which is what pairs them.

    Parameters
    ----------
    folder : Path
        Where they are, for messages.
    names : iterable of str
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
    stems = {name: _stem(name) for name in names}
    for name, stem in stems.items():
        if not stem.endswith(suffix) or PurePosixPath(stem).name == suffix:
            raise SegbenchError(
                f"{folder / name}: does not end in {suffix!r}",
                f"names such as NAME{suffix}{ending_of(name)}, as layout.{key} is {suffix!r}",
                f"rename the file, or correct layout.{key} in the dataset's config",
            )
    return unique(folder, ((stem.removesuffix(suffix), name) for name, stem in stems.items()))


def images_of(base: Path, layout: Layout) -> dict[str, str]:
    """Images of a folder by their key; masks that lie among them are left out.

    Raises
    ------
    SegbenchError
        There are none, or two differ in their ending alone.
    """
    folder, masks = base / layout.images, base / layout.masks
    names = listing(folder)
    if masks == folder:
        if not layout.mask_suffix:
            raise SegbenchError(
                f"{folder}: images and masks are in one folder",
                "masks that can be told apart by name",
                "set layout.mask_suffix, e.g. _mask, or put the masks in a folder of their own",
            )
        names = [name for name in names if not _stem(name).endswith(layout.mask_suffix)]
    elif masks.is_relative_to(folder):
        inside = masks.relative_to(folder).parts
        names = [n for n in names if PurePosixPath(n).parts[: len(inside)] != inside]
    if not names:
        kinds = sorted({Path(p).suffix for p in folder.rglob("*") if p.is_file()})
        raise SegbenchError(
            f"{folder}: no images are in it"
            + (f" (files ending in {', '.join(kinds)} are)" if kinds else " (it is empty)"),
            "files ending in .png, .tif, .jpg, .npy or .nii.gz",
            "put the images there, or correct layout.images in the dataset's config",
        )
    return keyed(folder, names, layout.image_suffix, "image_suffix")


def masks_of(folder: Path, layout: Layout, among_images: bool) -> dict[str, str]:
    """Masks of a folder by their key."""
    names = listing(folder)
    if among_images:
        names = [name for name in names if _stem(name).endswith(layout.mask_suffix)]
    return keyed(folder, names, layout.mask_suffix, "mask_suffix")


def _stem(name: str) -> str:
    return name[: -len(ending_of(name))]


def sample_ids(folder: Path, images: Mapping[str, str]) -> dict[str, str]:
    """The id of each image: its key, with a dot for each folder.

    Raises
    ------
    SegbenchError
        An id would be unsafe as a file's name, or two images would have one.
    """
    ids: dict[str, str] = {}
    taken: dict[str, str] = {}
    for key, name in images.items():
        sample = check_id(key.replace("/", "."), folder / name)
        other = taken.setdefault(sample, name)
        if other != name:
            raise SegbenchError(
                f"{folder}: {other} and {name} would both be the sample {sample!r}",
                "names that differ when '/' is read as '.'",
                "rename one of the two",
            )
        ids[key] = sample
    return ids


def check_pairs(
    images: Mapping[str, str], masks: Mapping[str, str], image_folder: Path, mask_folder: Path
) -> None:
    """Refuse images without a mask and masks without an image, with the nearest name of each.

    Parameters
    ----------
    images, masks : mapping of str to str
        Key -> file.
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
    keys: list[str], files: Mapping[str, str], others: list[str], other_files: Mapping[str, str]
) -> str:
    shown = []
    for key in keys[:MAX_NAMES]:
        near = get_close_matches(key, others, n=1, cutoff=0.6)
        hint = f" (nearest: {other_files[near[0]]})" if near else ""
        shown.append(files[key] + hint)
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
