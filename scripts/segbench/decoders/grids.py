"""Where the pixels of two files lie: compared, and a mask brought to its image's grid."""

from __future__ import annotations

from pathlib import Path

from segbench.errors import SegbenchError


def check_size(
    where: str | Path,
    found: tuple[int, ...],
    size: tuple[int, ...],
    image: str | Path,
    unit: str = "pixels",
) -> None:
    """Refuse a label, or a channel, of another size than its image.

    Parameters
    ----------
    where : str or Path
        The label, for the error.
    found, size : tuple of int
        Its size and that of the image.
    image : str or Path
        The image, for the error.
    unit : str
        What sizes count.

    Raises
    ------
    SegbenchError
        With both sizes, and whether rows and columns are swapped.
    """
    if found == size:
        return
    swapped = len(size) == 2 and found == size[::-1]
    raise SegbenchError(
        f"{where}: {' x '.join(map(str, found))} {unit}",
        f"{' x '.join(map(str, size))} {unit}, as {image}",
        "rows and columns are swapped: transpose the mask, or save image and mask upright"
        if swapped
        else "fetch the image and its label again; if the label was resized, make it again at the "
        "image's size (resize labels to the nearest pixel only)",
    )
