"""What pictures of samples are made of: images for the eye, outlines, classes in colours."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image, PngImagePlugin

from segbench.files import atomic_path

#: Largest picture. A report of a dozen arms stays a few megabytes.
LIMIT_BYTES = 400_000
#: Resolution of the first attempt, dots per inch, and the number of attempts.
RESOLUTION = 130
ATTEMPTS = 6
#: Colours that differ by less in every channel are one.
NEAR = 6
#: Classes in the order in which they get their colour: Okabe and Ito's first, then others
#: that differ from these in lightness; a legend always goes with them.
PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#CC79A7", "#0072B2",
    "#B2DF8A", "#E31A1C", "#CAB2D6", "#8C6D31", "#17BECF", "#FB9A99", "#6A3D9A",
    "#FFFFFF", "#393B79", "#BDBDBD", "#637939",
)  # fmt: skip
#: The same for lines on white paper: what is light there is darker here.
LINE_COLOURS = (
    "#E69F00", "#56B4E9", "#009E73", "#A89B00", "#D55E00", "#CC79A7", "#0072B2",
    "#6FA33B", "#E31A1C", "#9A7DB0", "#8C6D31", "#17BECF", "#E06C75", "#6A3D9A",
    "#333333", "#393B79", "#8A8A8A", "#637939",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One class of a label, ready to be drawn.

    Attributes
    ----------
    name, colour : str
        Of the class.
    label : (y, x) ndarray of unsigned int
        0 outside; numbered objects, or 1 inside.
    """

    name: str
    colour: str
    label: np.ndarray


def class_colours(names: Iterable[str]) -> dict[str, str]:
    """Give each class its colour, by its place in the list of all classes.

    Examples
    --------
    >>> class_colours(["skin", "hair"])
    {'skin': '#E69F00', 'hair': '#56B4E9'}
    """
    return {name: PALETTE[number % len(PALETTE)] for number, name in enumerate(names)}


def layers_of(label: np.ndarray, attributes: Mapping[str, Any]) -> list[Layer]:
    """Take a label of any kind apart into its classes.

    Parameters
    ----------
    label : (y, x) or (y, x, class) ndarray of unsigned int
        One plane: numbered objects, a label map, or one mask a class.
    attributes : mapping
        Of the archive: ``task``, ``classes``, ``class_values``.

    Returns
    -------
    list of Layer
        In the order of the classes, those that do not occur as well. Numbered objects
        are one layer; so is a label without classes in the attributes.
    """
    names = [str(name) for name in attributes.get("classes", ())]
    colours = class_colours(names)
    if label.ndim == 3:
        return [Layer(name, colours[name], label[..., k]) for k, name in enumerate(names)]
    if attributes.get("task") == "instances" or not names:
        return [Layer(names[0] if names else "objects", PALETTE[0], label)]
    values = attributes.get("class_values", range(1, len(names) + 1))
    return [
        Layer(name, colours[name], (label == value).astype(np.uint8))
        for name, value in zip(names, values, strict=True)
    ]


def display_image(
    image: np.ndarray,
    scale: float,
    height: int,
    width: int,
    limits: tuple[float, float] | None = None,
) -> np.ndarray:
    """Make an image for the eye, at another size.

    Parameters
    ----------
    image : (y, x, c) ndarray
        As stored; value = stored * `scale`.
    scale : float
        Makes stored values 0...1.
    height, width : int
        Of the result, in pixels.
    limits : (float, float), optional
        Values (after `scale`) that become black and white. By default 0 and 1, or the 1st
        and the 99th percentile where values lie outside (a z-score, say).

    Returns
    -------
    (height, width, 3) ndarray of float32
        In 0...1. Of other than three channels, the mean is shown in grey.
    """
    import cv2

    values = np.nan_to_num(image.astype(np.float32) * np.float32(scale))
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    shrinks = height * width < values.shape[0] * values.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    values = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=interpolation)
    values = values.reshape(height, width, -1)
    low, high = float(values.min()), float(values.max())
    if limits is not None:
        values = (values - limits[0]) / max(limits[1] - limits[0], 1e-6)
    elif low < -1e-3 or high > 1 + 1e-3:
        low, high = (float(v) for v in np.percentile(values, (1, 99)))
        values = (values - low) / max(high - low, 1e-6)
    return np.broadcast_to(np.clip(values, 0, 1), (height, width, 3))


def outlines(label: np.ndarray) -> list[np.ndarray]:
    """Trace every value of a label map or of every numbered object.

    Parameters
    ----------
    label : (y, x) ndarray of unsigned int
        0 is the background.

    Returns
    -------
    list of (n, 2) ndarray of float64
        Closed lines of (x, y) in pixels, pixel centres at integers. Objects that touch
        each keep their own line.

    Examples
    --------
    >>> label = np.zeros((5, 5), np.uint8)
    >>> label[2, 2] = 1
    >>> line, = outlines(label)
    >>> line.min(), line.max()
    (np.float64(1.5), np.float64(2.5))
    """
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    lines: list[np.ndarray] = []
    for value, box in enumerate(find_objects(label.astype(np.int32)), start=1):
        if box is None:
            continue
        # The margin closes the lines of objects that touch the image's edge.
        mask = np.pad(label[box] == value, 1).astype(np.float32)
        corner = np.array([box[1].start - 1, box[0].start - 1])
        lines += [line[:, ::-1] + corner for line in find_contours(mask, 0.5)]
    return lines


def tinted(image: np.ndarray, layers: Iterable[Layer], strength: float = 0.45) -> np.ndarray:
    """Lay the classes over an image as transparent colours.

    Parameters
    ----------
    image : (y, x, 3) ndarray of float
        In 0...1.
    layers : iterable of Layer
        At the size of the image; where they overlap, the colours mix.
    strength : float, optional
        0 leaves the image, 1 covers it.
    """
    from matplotlib.colors import to_rgb

    out = np.array(image, np.float32)
    for layer in layers:
        inside = layer.label > 0
        colour = np.array(to_rgb(layer.colour), np.float32)
        out[inside] = (1 - strength) * out[inside] + strength * colour
    return out


def draw_lines(
    axes: Axes, lines: list[np.ndarray], colour: str, width: float, dashes: object = "solid"
) -> None:
    """Draw closed lines with a dark rim, which keeps them visible on bright ground."""
    collection = LineCollection(lines, colors=colour, linewidths=width, linestyles=[dashes])
    collection.set_path_effects([withStroke(linewidth=width + 1.1, foreground="#00000099")])
    axes.add_collection(collection)


def show_image(axes: Axes, image: np.ndarray) -> None:
    """Draw an image without axes, at the top of its cell."""
    height, width = image.shape[:2]
    axes.imshow(image, interpolation="antialiased", vmin=0, vmax=1)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_axis_off()
    axes.set_anchor("N")


def plain_legend(owner: Axes | Figure, **options: Any) -> None:
    """Draw a legend whose labels are names, not formulas, whatever signs are in them."""
    legend = owner.legend(**{"fontsize": 8, "handlelength": 1.4, **options})
    for text in legend.get_texts():
        text.set_parse_math(False)


def shortened(text: str, length: int = 30) -> str:
    """Cut the middle out of a long text.

    Examples
    --------
    >>> shortened("0123456789abcdef", 9)
    '012…def'
    """
    half = length // 2 - 1
    return text if len(text) <= length else f"{text[:half]}…{text[-half:]}"


def few_colours(picture: Image.Image) -> Image.Image:
    """Reduce a picture to 256 colours, of which those of classes and lines are kept."""
    names = ("#FFFFFF", "#000000", *PALETTE)
    kept = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in names], np.int64)
    found = picture.quantize(230, dither=Image.Dither.NONE).getpalette() or []
    chosen = np.array(found[: 3 * 230], np.int64).reshape(-1, 3)
    apart = np.abs(chosen[:, None] - kept[None]).max(axis=2).min(axis=1) > NEAR
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([kept, chosen[apart]]).ravel().tolist())
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    # Pillow finds nearest colours in steps of four: white would become one beside it.
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
        figure.savefig(
            buffer,
            format="png",
            dpi=dpi,
            metadata={"Software": None},
            pil_kwargs={"compress_level": 1},
        )
        # Laying out again takes most of the time, and would move things.
        figure.set_layout_engine("none")
        full = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
        if attempt == 0 and len(data := _png(full, information)) < limit:
            return data
        data = _png(few_colours(full), information)
        if len(data) < limit:
            return data
        # Bytes go by area; a little less, so that the next attempt mostly is the last.
        dpi = int(dpi * max(0.5, 0.93 * (limit / len(data)) ** 0.5))
    return data


def _png(picture: Image.Image, information: PngImagePlugin.PngInfo) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="PNG", compress_level=9, pnginfo=information)
    return out.getvalue()


def write_png(figure: Figure, output: str | Path, description: str) -> None:
    """Write a figure with photographs in it: same figure, same bytes, below `LIMIT_BYTES`."""
    data = encode_png(figure, description)
    with atomic_path(output) as beside:
        beside.write_bytes(data)


def wrapped(title: str, width: int = 60) -> str:
    """A title in lines that fit over a picture, broken between its parts where that is possible.

    Examples
    --------
    >>> wrapped("size 64 · jitter · a-network--rate-0.1", 20).splitlines()
    ['size 64 · jitter', 'a-network--rate-0.1']
    """
    lines = [""]
    for part in title.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return "\n".join(piece for line in lines for piece in textwrap.wrap(line, width))
