"""Contrast-limited adaptive histogram equalisation, the algorithm of scikit-image, faster.

The clip limit
--------------
`clip_limit` here is a multiple of the mean number of pixels in a histogram bin, as in
OpenCV and ImageJ (there: "maximum slope"). scikit-image's `clip_limit` is a fraction of a
tile's pixels. The two name the same height, pixels in tile * clip_limit / bins, so::

    skimage.exposure.equalize_adapthist(image, kernel_size, clip_limit / bins, nbins=bins)

gives what `equalise(image, tiles, bins, clip_limit)` gives: the recipe's ``clip_limit: 2``
with 256 bins is scikit-image's 0.0078125.

References
----------
Zuiderveld, K. (1994). Contrast limited adaptive histogram equalization.
Graphics Gems IV, 474-485. doi:10.1016/B978-0-12-336156-1.50061-6
"""

from __future__ import annotations

import numpy as np

from segbench.known_pixels import known_pixels

#: Grey levels between the histogram's bins and the result.
LEVELS = 2**14


def equalise(image: np.ndarray, tiles: int, bins: int, clip_limit: float) -> np.ndarray:
    """Equalise the histogram of each neighbourhood, with limited contrast.

    Parameters
    ----------
    image : ndarray of float32, (y, x, 1) or (y, x, 3), 0...1
        Of a colour image the value (largest of red, green, blue) is equalised; hue and
        saturation stay. Pixels with NaN, without a value, count in no histogram and stay NaN.
    tiles : int
        The tiles are ``side // tiles`` pixels high and wide (at least 1), so a side that
        `tiles` does not divide has a last, mirrored tile more.
    bins : int
        Histogram bins.
    clip_limit : float
        Highest bin, as a multiple of the mean count of a tile's bins.

    Returns
    -------
    ndarray of float32, same shape, 0...1
        Stretched so that the smallest value is 0 and the largest 1. An image without
        contrast is returned as it is (scikit-image turns it white).
    """
    if image.shape[2] == 1:
        return _equalise(image[..., 0], tiles, bins, clip_limit)[..., None]
    value = image.max(axis=2)
    equalised = _equalise(value, tiles, bins, clip_limit)
    # In HSV a change of V alone multiplies red, green and blue by the same factor.
    black = (value == 0)[..., None]
    ratio = image / np.where(black, 1, value[..., None])
    return np.asarray(np.where(black, 1, ratio) * equalised[..., None])


def _equalise(image: np.ndarray, tiles: int, bins: int, clip_limit: float) -> np.ndarray:
    known = known_pixels(image)
    values = image if known is None else image[known]
    levels = _to_levels(values) if values.size else None
    if levels is None:
        return image
    if known is not None:
        all_levels = np.zeros(image.shape, np.int32)
        all_levels[known] = levels
        levels = all_levels
    tile = tuple(max(side // tiles, 1) for side in image.shape)
    pixels = tile[0] * tile[1]
    binned = levels // (1 + LEVELS // bins)
    histogram = tile_histograms(binned, tile, bins)
    if known is not None:
        histogram = _of_known(histogram, tile_histograms((~known).view(np.int8), tile, 2), pixels)
    limit = max(int(clip_limit / bins * pixels), 1)
    clip_histograms(histogram.reshape(-1, bins), limit)
    mapping = _mapping(histogram, pixels)
    # Whole levels, as in the original program.
    result: np.ndarray = np.floor(_interpolate(binned, mapping, tile))
    values = result if known is None else result[known]
    low, high = values.min(), values.max()
    if low == high:
        return image
    result -= low
    result *= np.float32(1) / (high - low)
    return result if known is None else np.where(known, result, np.float32(np.nan))


def _of_known(histogram: np.ndarray, unknown: np.ndarray, pixels: int) -> np.ndarray:
    """Histograms of the known pixels, as if there were as many as in a whole tile.

    `unknown` counts the known and the unknown pixels of each tile; the latter lie in bin 0 of
    `histogram`. A tile without any known pixel gets equal bins, which change nothing.
    """
    counts = histogram.astype(np.float64)
    counts[..., 0] -= unknown[..., 1]
    known = unknown[..., :1]
    equal = pixels / histogram.shape[-1]
    scaled = np.where(known > 0, counts * (pixels / np.maximum(known, 1)), equal)
    # Rounded sums, not rounded bins: each tile keeps its number of pixels.
    sums: np.ndarray = np.rint(np.cumsum(scaled, axis=-1)).astype(np.int32)
    return np.diff(sums, prepend=np.int32(0))


def _to_levels(image: np.ndarray) -> np.ndarray | None:
    """Integers 0...LEVELS - 1 over the image's own range, by way of 16 bits; None: flat."""
    # In double precision, as scikit-image: it decides the borders between bins.
    scaled = np.multiply(image, 65535, dtype=np.float64)
    np.rint(scaled, out=scaled)
    low, high = float(scaled.min()), float(scaled.max())
    if low == high:
        return None
    scaled -= low
    scaled /= high - low
    scaled *= LEVELS - 1
    levels: np.ndarray = np.rint(scaled, out=scaled).astype(np.int32)
    return levels


def tile_histograms(binned: np.ndarray, tile: tuple[int, ...], bins: int) -> np.ndarray:
    """Histograms of all tiles at once.

    Parameters
    ----------
    binned : ndarray of int32, (y, x)
        Bin numbers.
    tile : (int, int)
        Height and width of a tile in pixels. The image is mirrored to whole tiles.

    Returns
    -------
    ndarray of int32, (tile rows, tile columns, bins)
    """
    counts = [-(-side // step) for side, step in zip(binned.shape, tile, strict=True)]
    for axis in range(2):
        whole = counts[axis] * tile[axis]
        if whole != binned.shape[axis]:
            period = max(2 * (binned.shape[axis] - 1), 1)
            index = np.arange(whole) % period
            binned = binned.take(np.minimum(index, period - index), axis=axis)
    first = np.arange(counts[0])[:, None] * counts[1] + np.arange(counts[1])
    first = (first * bins).repeat(tile[1], axis=1)
    coded = binned.reshape(counts[0], tile[0], -1) + first[:, None, :]
    flat = np.bincount(coded.ravel(), minlength=counts[0] * counts[1] * bins)
    return flat.reshape(*counts, bins).astype(np.int32)


def clip_histograms(histograms: np.ndarray, limit: int) -> None:
    """Cut all histograms at `limit` and spread what was cut off, in place.

    The order in which single pixels are handed out is that of scikit-image's
    `clip_histogram`, done for all tiles in step.

    Parameters
    ----------
    histograms : ndarray of int32, (tiles, bins)
        Changed in place.
    limit : int
        Highest count of a bin.
    """
    bins = histograms.shape[1]
    before = histograms.sum(axis=1)
    np.minimum(histograms, limit, out=histograms)
    share = ((before - histograms.sum(axis=1)) // bins).astype(histograms.dtype)
    upper = (limit - share)[:, None]
    histograms += np.where(histograms < upper, share[:, None], 0).astype(histograms.dtype)
    np.copyto(histograms, limit, where=histograms >= upper)
    excess = before - histograms.sum(axis=1)
    _spread(histograms, excess, limit)


def _spread(histograms: np.ndarray, excess: np.ndarray, limit: int) -> None:
    """Hand out the rest of the excess, one pixel per bin at a stride, all tiles in step."""
    bins = histograms.shape[1]
    position = np.arange(bins, dtype=np.int32)
    open_tiles = np.flatnonzero(excess > 0)
    while open_tiles.size:
        at_start = excess[open_tiles].copy()
        active = open_tiles
        for first in range(bins):
            rows = histograms[active]
            under = rows < limit
            stride = np.maximum(under.sum(axis=1) // excess[active], 1).astype(np.int32)
            under[:, :first] = False
            under &= (position - first) % stride[:, None] == 0
            histograms[active] = rows + under
            excess[active] -= under.sum(axis=1)
            active = active[excess[active] > 0]
            if not active.size:
                break
        moved = excess[open_tiles] != at_start
        open_tiles = open_tiles[moved & (excess[open_tiles] > 0)]


def _mapping(histograms: np.ndarray, pixels: int) -> np.ndarray:
    """Cumulated histograms as whole grey levels, float32."""
    cumulated = np.cumsum(histograms, axis=-1, dtype=np.int64) * ((LEVELS - 1) / pixels)
    mapping: np.ndarray = np.floor(np.minimum(cumulated, LEVELS - 1)).astype(np.float32)
    return mapping


def _neighbours(side: int, tile: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tiles before and after each pixel and the weight of the one after, as (side,)."""
    shifted = np.arange(side) + tile // 2
    block = shifted // tile
    weight = ((shifted % tile) / tile).astype(np.float32)
    return np.clip(block - 1, 0, count - 1), np.clip(block, 0, count - 1), weight


def _interpolate(binned: np.ndarray, mapping: np.ndarray, tile: tuple[int, ...]) -> np.ndarray:
    """Apply the mappings of the four tiles around each pixel, weighted by distance."""
    rows, columns, bins = mapping.shape
    top, bottom, down = _neighbours(binned.shape[0], tile[0], rows)
    left, right, across = _neighbours(binned.shape[1], tile[1], columns)
    table = mapping.ravel()
    left, right = (left * bins)[None, :], (right * bins)[None, :]
    result = np.zeros(binned.shape, dtype=np.float32)
    for row, row_weight in ((top, 1 - down), (bottom, down)):
        base = binned + (row * (columns * bins))[:, None]
        line = table[base + left] * (1 - across)
        line += table[base + right] * across
        line *= row_weight[:, None]
        result += line
    return result
