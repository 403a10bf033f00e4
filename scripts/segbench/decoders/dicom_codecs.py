"""Decompress DICOM pixels: with the packages that pydicom knows, and with imagecodecs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.dicom_files import parsing
from segbench.errors import SegbenchError

#: Transfer syntaxes that imagecodecs decompresses, and the name of its codec. GDCM knows most of
#: them, too, but ends the process on damaged files, so it is never asked.
_CODECS = {
    "1.2.840.10008.1.2.4.51": "jpeg",  # of 12 bits; pydicom has those of 8
    "1.2.840.10008.1.2.4.57": "jpeg",  # lossless
    "1.2.840.10008.1.2.4.70": "jpeg",
    "1.2.840.10008.1.2.4.90": "jpeg2k",
    "1.2.840.10008.1.2.4.91": "jpeg2k",
    "1.2.840.10008.1.2.4.201": "jpeg2k",  # high throughput
    "1.2.840.10008.1.2.4.202": "jpeg2k",
    "1.2.840.10008.1.2.4.203": "jpeg2k",
}


def check_syntax(path: Path, dataset: Any) -> None:
    """Refuse pixels that no installed package decompresses.

    Raises
    ------
    SegbenchError
    """
    syntax = _syntax_of(dataset)
    if syntax is not None and not _plugins(syntax) and syntax not in _CODECS:
        raise SegbenchError(
            f"{path}: its pixels are compressed as {getattr(syntax, 'name', syntax)}",
            "uncompressed pixels, RLE, JPEG, JPEG-LS or JPEG 2000",
            "decompress the file, e.g. with `gdcmconv --raw in.dcm out.dcm`; save films as frames",
        )


def decompressed(path: Path, dataset: Any) -> np.ndarray:
    """The pixels of a file as stored.

    Parameters
    ----------
    path : Path
        The file, for errors.
    dataset : pydicom.Dataset

    Returns
    -------
    ndarray
        (y, x), with more than one frame (frame, y, x); colours along a last axis.

    Raises
    ------
    SegbenchError
        The pixels are damaged or not there.
    """
    from pydicom.pixels.utils import pixel_array

    syntax = _syntax_of(dataset)
    failed: list[str] = []
    ways: list[Callable[[], Any]] = [
        partial(pixel_array, dataset, decoding_plugin=plugin)
        for plugin in (_plugins(syntax) if syntax else [""])
    ]
    if syntax in _CODECS:
        ways.append(partial(_by_imagecodecs, dataset, _CODECS[syntax]))
    for way in ways:
        with parsing(path):
            try:
                return np.asarray(way())
            except RuntimeError as error:
                failed.append(" ".join(str(error).split()))
    raise SegbenchError(
        f"{path}: its pixels ({getattr(syntax, 'name', syntax)}) cannot be decompressed: "
        f"{'; '.join(failed)}",
        "whole pixels of at most 16 bits",
        "fetch this file again; or, if other programs show it, decompress it, e.g. with `gdcmconv "
        "--raw in.dcm out.dcm`",
    )


def _syntax_of(dataset: Any) -> Any:
    meta = getattr(dataset, "file_meta", None)
    return None if meta is None else meta.get("TransferSyntaxUID")


def _plugins(syntax: Any) -> list[str]:
    """Packages for pydicom to ask; an empty name is pydicom itself."""
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        return []
    found = decoder.available_plugins
    return [one for one in found if one != "gdcm"] if found else [""] * decoder.is_available


def _by_imagecodecs(dataset: Any, codec: str) -> np.ndarray:
    import imagecodecs
    from pydicom.encaps import generate_frames

    options: dict[str, str] = {}
    if codec == "jpeg" and dataset.SamplesPerPixel == 3:
        is_rgb = dataset.PhotometricInterpretation == "RGB"
        options = {"colorspace": "rgb" if is_rgb else "ycbcr", "outcolorspace": "rgb"}
    decode: Any = imagecodecs.jpeg_decode if codec == "jpeg" else imagecodecs.jpeg2k_decode
    count = int(dataset.get("NumberOfFrames") or 1)
    frames = generate_frames(dataset.PixelData, number_of_frames=count)
    parts = [decode(one, **options) for one in frames]
    pixels = np.stack(parts) if count > 1 else np.asarray(parts[0])
    if dataset.PixelRepresentation and pixels.dtype.kind == "u":
        # The highest stored bit is the sign.
        unused = 8 * pixels.itemsize - dataset.BitsStored
        pixels = (pixels << unused).view(f"i{pixels.itemsize}") >> unused
    return pixels
