"""Images and masks opened as the dataset's config says, the mask on its image's grid."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from segbench.config.dataset import Layout
from segbench.decoders import registry
from segbench.decoders.affines import spacing_from
from segbench.decoders.decoder import Choices, Decoded, Header
from segbench.decoders.faults import warn_once
from segbench.decoders.grids import align
from segbench.errors import SegbenchError


def choices_of(layout: Layout | None) -> Choices:
    """What a dataset's layout says of files that do not say it themselves."""
    if layout is None:
        return registry.NO_CHOICES
    return Choices(layout.axes, layout.dataset, layout.level)


def header_of(path: Path, choices: Choices) -> Header:
    """What a file says of its array, with the axes that the config asks for.

    With a z in the config's axes, a picture is a volume of one slice.
    """
    try:
        status = path.stat()
    except OSError:
        return _header(path, choices, ())
    return _header(path, choices, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=4)
def _header(path: Path, choices: Choices, stamp: tuple[int, ...]) -> Header:
    """As `header_of`: size, spacing, place and channels of an image are asked for in turn."""
    return _volume(registry.header_of(path, fitting(path, choices)), choices)


def read(path: Path, choices: Choices, mask: bool = False) -> Decoded:
    """A file's array, with the axes that the config asks for; see `header_of`.

    Masks have no channels for which the axes name a c. The log tells what the decoder notes of
    the file.
    """
    found = registry.read(path, fitting(path, choices, mask))
    for note in found.header.notes:
        warn_once(f"{path}: {note}")
    header = _volume(found.header, choices)
    return Decoded(header, found.pixels.reshape(header.shape), found.palette)


def read_mask(path: Path, image: Header, image_path: Path, choices: Choices) -> Decoded:
    """Read a mask and bring it to the grid of its image; see `on_grid`."""
    return on_grid(read(path, choices, mask=True), path, image, image_path)


def on_grid(part: Decoded, path: Path, image: Header, image_path: Path) -> Decoded:
    """A mask, or a channel, on the grid of its image.

    Parameters
    ----------
    part : Decoded
        From `read`.
    path : Path
        Its file, for messages.
    image : Header
        From `header_of`.
    image_path : Path
        The image, for messages.

    Returns
    -------
    Decoded
        Its header has the spatial axes, the spacing and the affine of the image.

    Raises
    ------
    SegbenchError
        It does not lie on its image: see `segbench.decoders.grids.align`.
    """
    slices = image.size[0] if len(image.size) == 3 else 1
    placed = part.header.affine is not None and image.affine is not None
    if slices > 1 and part.header.size == image.size[1:] and not placed:
        raise SegbenchError(
            f"{path}: {' x '.join(map(str, part.header.size))} pixels, one slice",
            f"{slices} slices, as {image_path}",
            "save a volume; or, if what is first in the image's file are channels, set `layout: "
            "{axes: cyx}` in the dataset's config",
        )
    pixels = align(part, path, image, image_path)
    header = replace(
        part.header, axes=image.axes.rstrip("c") + "c" * part.header.axes.endswith("c"),
        shape=pixels.shape, spacing_mm=image.spacing_mm, affine=image.affine,
        other_affine=image.other_affine, partial=False,
    )  # fmt: skip
    return Decoded(header, pixels, part.palette)


def fitting(path: Path, choices: Choices, mask: bool = False) -> Choices:
    """Choices whose axes are as many as the file has: single slices lack the z, masks the c."""
    if choices.axes is None:
        return choices
    decoder = registry.decoder_of(path)
    try:
        said = decoder.header(path, replace(choices, axes=None))
    except SegbenchError:
        return choices  # what the file says is wrong, or nothing: the axes are to mend it
    if mask and said.colour:
        return replace(choices, axes=None)
    whole = choices.axes.replace("c", "") if mask else choices.axes
    if len(whole) == len(said.shape) or _holds_slices(path, replace(choices, axes=whole)):
        return replace(choices, axes=whole)
    if decoder.names_axes and len(whole) > len(said.shape):
        return replace(choices, axes=None)  # of one slice, or channel, the file's own order
    bare = whole.replace("c", "")
    some = [bare, whole.replace("z", ""), bare.replace("z", "")]
    fitting = next((axes for axes in some if len(axes) == len(said.shape)), None)
    return replace(choices, axes=fitting or (None if mask else choices.axes))


def _holds_slices(path: Path, choices: Choices) -> bool:
    """Whether the file takes the axes as they are, and so says how thick its one slice is."""
    try:
        return "z" in registry.header_of(path, choices).axes
    except SegbenchError:
        return False


def _volume(header: Header, choices: Choices) -> Header:
    """A picture as one slice where the config asks for volumes."""
    if "z" in header.axes or "z" not in (choices.axes or ""):
        return header
    spacing = header.spacing_mm
    if spacing is not None:
        spacing = None if header.affine is None else (spacing_from(header.affine)[0], *spacing)
    return replace(header, axes=f"z{header.axes}", shape=(1, *header.shape), spacing_mm=spacing)
