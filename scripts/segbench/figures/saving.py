"""Figures written to files: the same figure gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from segbench.errors import SegbenchError
from segbench.figures.palette import PALETTE, rgb
from segbench.files import atomic_path

#: Largest PNG. A report of a dozen arms stays a few megabytes.
LIMIT_BYTES = 400_000
#: Resolution of the first attempt, dots per inch, and the number of attempts.
RESOLUTION = 130
ATTEMPTS = 6
#: Colours that differ by less in every channel are one.
NEAR = 6


def save(figure: Figure, output: str | Path, description: str) -> None:
    """Write a figure as SVG or PNG.

    Parameters
    ----------
    figure : Figure
        Drawn inside `house_style`.
    output : str or Path
        Ends in ``.svg`` or ``.png``. A PNG stays below `LIMIT_BYTES`.
    description : str
        What the picture shows, stored in the file; the page uses it as caption.

    Raises
    ------
    SegbenchError
        The ending is neither.
    """
    kind = Path(output).suffix.lower()
    if kind == ".svg":
        data = _encode_svg(figure, description)
    elif kind == ".png":
        data = encode_png(figure, description)
    else:
        raise SegbenchError(f"{output}: cannot draw {kind!r}", "*.svg or *.png", "rename the file")
    with atomic_path(output) as beside:
        beside.write_bytes(data)


def _encode_svg(figure: Figure, description: str) -> bytes:
    buffer = io.BytesIO()
    # The writer would put the clock and its version in.
    metadata = {"Description": description, "Date": None, "Creator": None}
    figure.savefig(buffer, format="svg", metadata=metadata)
    return buffer.getvalue()


def few_colours(picture: Image.Image) -> Image.Image:
    """Reduce a picture to 256 colours; those of the palette, white and black stay exact."""
    kept = np.array([rgb(colour) for colour in ("#FFFFFF", "#000000", *PALETTE)], np.int64)
    found = picture.quantize(230, dither=Image.Dither.NONE).getpalette() or []
    chosen = np.array(found[: 3 * 230], np.int64).reshape(-1, 3)
    apart = np.abs(chosen[:, None] - kept[None]).max(axis=2).min(axis=1) > NEAR
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([kept, chosen[apart]]).ravel().tolist())
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    # Pillow finds nearest colours in steps of four: white would become its neighbour.
    packed = np.asarray(picture).astype(np.int64) @ (65536, 256, 1)
    places = np.array(few)
    for place, colour in enumerate(kept @ (65536, 256, 1)):
        places[packed == colour] = place
    exact = Image.fromarray(places, "P")
    exact.putpalette(few.getpalette() or [])
    return exact


def encode_png(figure: Figure, description: str, limit: int = LIMIT_BYTES) -> bytes:
    """PNG below `limit` bytes: first all colours, then 256, then fewer and fewer pixels."""
    FigureCanvasAgg(figure)
    information = PngImagePlugin.PngInfo()
    information.add_itxt("Description", description)
    data, dpi = b"", RESOLUTION
    for attempt in range(ATTEMPTS):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
        # Computing the layout again takes most of the time, and would move things.
        figure.set_layout_engine("none")
        full = Image.open(buffer).convert("RGB")
        if attempt == 0 and len(data := _compressed(full, information)) < limit:
            return data
        data = _compressed(few_colours(full), information)
        if len(data) < limit:
            return data
        # The size goes with the area; a little less, so that the next attempt mostly suffices.
        dpi = int(dpi * max(0.5, 0.93 * (limit / len(data)) ** 0.5))
    return data


def _compressed(picture: Image.Image, information: PngImagePlugin.PngInfo) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="PNG", compress_level=9, pnginfo=information)
    return out.getvalue()
