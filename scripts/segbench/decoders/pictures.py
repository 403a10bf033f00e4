"""PNG, JPEG, BMP, WebP and GIF pictures.

Values are as stored. Where they need a convention, it is the one that libraries share: grey of 2
or 4 bits is spread over 0 to 255, one bit is bool, palettes give indices, and the colour that a
file names as transparent becomes an alpha channel. The EXIF orientation is applied. Colour
profiles and gamma are for display, and resolutions for printing: none of them is applied.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from PIL import Image

#: Most pixels of a picture: 32,768 x 32,768. Pillow's own limit is below 9,500 x 9,500.
MAX_PIXELS = 2**30

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Formats as Pillow names them; WebP last, as looking for it loads all of Pillow's formats.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")

#: Mode of Pillow -> number of channels. I is 16-bit grey, P has a palette.
_CHANNELS = {"1": 1, "L": 1, "I": 1, "P": 1, "LA": 2, "RGB": 3, "RGBA": 4}

#: EXIF orientation -> whether rows are swapped with columns, then rows and columns reversed.
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@contextmanager
def open_picture(path: Path, content: bytes = b"") -> Iterator[Image.Image]:
    """Open a picture with Pillow; pixels are not decoded yet.

    Parameters
    ----------
    path : Path
    content : bytes, optional
        Content of the file, where it has been read.

    Raises
    ------
    SegbenchError
        The file is absent, damaged, of another format, or larger than `MAX_PIXELS`.
    """
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # ours is checked below
    with naming(path, "picture file", RuntimeError):
        try:
            image = Image.open(BytesIO(content) if content else path, formats=_FORMATS)
        except UnidentifiedImageError:
            _name_other(path)
            raise
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise SegbenchError(
                    f"{path}: {image.height} x {image.width} pixels",
                    f"at most {MAX_PIXELS:,} pixels in a picture file",
                    "if it is meant to be so large, save it as a tiled TIFF file or as OME-Zarr, "
                    "which are read in parts",
                )
            yield image


def _name_other(path: Path) -> None:
    """Refuse by name what is a picture, but not one that is read."""
    import imagecodecs
    from PIL import Image, UnidentifiedImageError

    data = path.read_bytes()
    if data.startswith(b"\xff\xd8\xff"):
        depth = imagecodecs.jpeg8_decode(data).dtype.itemsize * 8
        raise SegbenchError(
            f"{path}: a JPEG file of more than 8 bits per channel ({depth} when decoded)",
            "8 bits per channel in a JPEG file",
            "save the picture as a 16-bit PNG or TIFF file",
        )
    try:
        with Image.open(BytesIO(data)) as image:
            found = image.format
    except UnidentifiedImageError:
        return
    raise SegbenchError(
        f"{path}: holds a picture of the format {found}",
        "PNG, JPEG, BMP, WebP or GIF, as its ending says",
        "rename the file to the ending of its format, or save it as PNG",
    )


def verify_png(path: Path) -> bytes:
    """Check the checksum of every chunk of a PNG file; other files pass.

    Decoders stop at the last row and do not look at the checksum of the pixel data, so
    that a flipped bit passes for a picture. This reads the file once and decodes nothing.

    Returns
    -------
    bytes
        Content of the file; of other formats nothing.

    Raises
    ------
    SegbenchError
        A chunk is damaged or the file ends early.
    """
    with naming(path), path.open("rb") as file:
        data = file.read(len(_PNG_SIGNATURE))
        if not data:
            raise ValueError("the file is empty")
        if data != _PNG_SIGNATURE:
            return b""
        data += file.read()
        view = memoryview(data)
        for kind, start, end in _chunks(data):
            (expected,) = struct.unpack_from(">I", data, end)
            if zlib.crc32(view[start - 4 : end]) != expected:
                raise ValueError(f"the checksum of chunk {kind.decode('latin-1')} is wrong")
    return data


def _chunks(data: bytes | mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each chunk of a PNG file, and where its content starts and ends.

    References
    ----------
    PNG specification (third edition), 5.3 chunk layout, https://www.w3.org/TR/png-3/
    """
    start, kind = len(_PNG_SIGNATURE) + 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, start - 8)
        yield kind, start, start + length
        start += length + 12


class PictureDecoder(Decoder):
    """Reads pictures with Pillow, and with imagecodecs the PNG files that Pillow would cut down."""

    name = "picture"
    mask_ending = ".png"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with open_picture(path) as image:
            return _header(path, image, b"")[0]

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        png = verify_png(path) if path.suffix.lower() == ".png" else b""
        with open_picture(path, png) as image:
            png = png or (verify_png(path) if image.format == "PNG" else b"")
            header, orientation = _header(path, image, png)
            palette = None
            if png and image.mode != "P" and header.dtype != bool:
                import imagecodecs

                pixels = imagecodecs.png_decode(png)
            else:
                pixels, palette = _decoded(image)
        pixels = upright(pixels, orientation)
        if (pixels.shape, pixels.dtype) != (header.shape, header.dtype):
            raise SegbenchError(
                f"{path}: decoded to {pixels.dtype} values of shape {pixels.shape}",
                f"{header.dtype} values of shape {header.shape}, as its header says",
                "save the picture as a plain PNG",
            )
        return Decoded(header, pixels, palette)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`; the mask is upright, as the image is read."""
        from PIL import Image

        if label.ndim != 2 or label.dtype not in (np.uint8, np.uint16):
            raise SegbenchError(
                f"{source}: its mask has {label.dtype} values up to {label.max()} and the shape "
                f"{label.shape}",
                "one plane of at most 16 bits, which is what a PNG file holds",
                "save the image as TIFF: its mask will be one too",
            )
        Image.fromarray(np.ascontiguousarray(label)).save(path, format="PNG")


def _header(path: Path, image: Any, png: bytes) -> tuple[Header, int]:
    """What an opened picture says of its array, and its EXIF orientation; `png`: its content."""
    _check_single(path, image)
    mode, depth = image.mode, ""
    if image.format == "PNG":  # RGB;16B: the mode says RGB, as Pillow cuts it down
        mode, _, depth = str(image.tile[0].args).partition(";")
    if mode not in _CHANNELS:
        raise SegbenchError(
            f"{path}: pictures of mode {mode} are not read",
            "1-bit, grey, RGB or RGBA pixels, or a palette",
            "save the picture as RGB, e.g. as a plain PNG",
        )
    transparent = "transparency" in image.info and mode != "P"
    channels = _CHANNELS[mode] + transparent
    bits = np.uint16 if depth == "16B" else np.bool_ if mode == "1" and channels == 1 else np.uint8
    orientation, notes = _orientation(path, image, png)
    swapped = _TURNS.get(orientation, (False,))[0]
    size = (image.width, image.height) if swapped else (image.height, image.width)
    header = Header(
        "yx" if channels == 1 else "yxc",
        size if channels == 1 else (*size, channels),
        np.dtype(bits),
        colour=mode.startswith("RGB"),
        alpha=transparent or mode in {"LA", "RGBA"},
        notes=notes,
    )
    return header, orientation


def _check_single(path: Path, image: Any) -> None:
    """Refuse a file of several pictures. Previews that cameras add do not count."""
    count = getattr(image, "n_frames", 1)
    if image.format == "MPO":
        kinds = [entry["Attribute"]["MPType"] for entry in image.mpinfo[0xB002]]
        count = sum("Thumbnail" not in kind for kind in kinds)
    if count > 1:
        raise SegbenchError(
            f"{path}: holds {count} pictures",
            "one picture in a file",
            "save each as a file of its own; if they are the slices of a volume, save them as one "
            "TIFF file",
        )


def _orientation(path: Path, image: Image.Image, png: bytes) -> tuple[int, tuple[str, ...]]:
    """The EXIF orientation (or that of XMP), 1 if there is none; and a note if it is damaged."""
    from PIL import ExifTags
    from PIL import Image as Pillow

    if image.format == "PNG":
        before, behind = _exif_chunks(png) if png else _exif_chunks_of(path)
        if behind:
            image.load()
        elif not before:
            return 1, ()
    try:
        # The method of PNG files would decode the picture to look behind the pixels.
        found = Pillow.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, LookupError, EOFError, struct.error) as error:
        return 1, (f"its EXIF data cannot be read ({error}), so the picture is not turned",)
    return (found if found in _TURNS else 1), ()


def _exif_chunks_of(path: Path) -> tuple[bool, bool]:
    """As `_exif_chunks`, of a file; reads no pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _exif_chunks(data)


def _exif_chunks(data: bytes | mmap.mmap) -> tuple[bool, bool]:
    """Whether a PNG file has EXIF or XMP data before its pixels, and behind them."""
    texts = (b"XML:com.adobe.xmp", b"Raw profile type exif")
    before = behind = pixels = False
    for kind, start, end in _chunks(data):
        pixels = pixels or kind == b"IDAT"
        if kind == b"eXIf" or data[start : min(end, start + 21)].startswith(texts):
            before, behind = before or not pixels, behind or pixels
    return before, behind


def _decoded(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels that Pillow decodes, and their palette with opacity where there is some."""
    clear = image.info.get("transparency")
    pixels = np.asarray(image)
    if image.mode == "P":
        if image.format != "PNG" and clear is None:
            # Grey GIF and BMP files have a palette too: of greys.
            greys = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            if np.ptp(greys, axis=1).max(initial=0) == 0:
                return greys[pixels, 0], None
        image.apply_transparency()
        palette = np.array(image.getpalette("RGB" if clear is None else "RGBA"), np.uint8)
        return pixels, palette.reshape(-1, 3 if clear is None else 4)
    if clear is not None:  # grey GIF
        pixels = np.dstack([pixels, np.where(pixels == clear, np.uint8(0), np.uint8(255))])
    return pixels, None


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels (y, x, ...) as a viewer shows them.

    Parameters
    ----------
    pixels : ndarray
        As stored.
    orientation : int
        Of EXIF, 1 to 8; others are taken as 1.

    References
    ----------
    Exif 3.0, CIPA DC-008-2023, 4.6.5.1.6 Orientation
    """
    if orientation not in _TURNS:
        return pixels
    swapped, rows, columns = _TURNS[orientation]
    pixels = pixels.swapaxes(0, 1) if swapped else pixels
    return np.ascontiguousarray(pixels[:: -1 if rows else 1, :: -1 if columns else 1])


#: The decoder of this module.
DECODER = PictureDecoder()
