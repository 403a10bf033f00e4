"""Run-length codes of a million pixels: decode and encode against the usual loops."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, one_core, row

from segbench.datasets.rle import decode, encode

SIDE = 1000


def pattern() -> np.ndarray:
    """A disc of tiles: about 11,400 runs, as many as a stained section of glands has."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return ((x // 37 + y // 29) % 2 == 0) & (np.hypot(x - SIDE / 2, y - SIDE / 2) < 450)


def loop_decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    """The usual decoder: one slice a run, then a copy in reading order."""
    words = text.split()
    starts, lengths = (np.asarray(part, dtype=int) for part in (words[0::2], words[1::2]))
    starts -= 1
    flat = np.zeros(shape[0] * shape[1], dtype=np.uint8)
    for start, end in zip(starts, starts + lengths, strict=True):
        flat[start:end] = 1
    return np.ascontiguousarray(flat.reshape(shape[::-1]).T).astype(bool)


def loop_encode(mask: np.ndarray) -> str:
    """The usual encoder: one step a pixel of the mask."""
    runs: list[int] = []
    before = -2
    for place in np.where(mask.T.flatten() == 1)[0]:
        if place > before + 1:
            runs.extend((place + 1, 0))
        runs[-1] += 1
        before = place
    return " ".join(map(str, runs))


def measure() -> list[Row]:
    """Measure both directions on one mask, and check that both agree.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    mask = pattern()
    text = encode(mask, "column")
    if text != loop_encode(mask) or not np.array_equal(
        decode(text, mask.shape, "column"), loop_decode(text, mask.shape)
    ):
        raise AssertionError("the loops and ours disagree")
    with one_core():
        decoded = alternately(
            lambda: decode(text, mask.shape, "column"), lambda: loop_decode(text, mask.shape), 20
        )
        encoded = alternately(lambda: encode(mask, "column"), lambda: loop_encode(mask), 3)
    what = f"{SIDE}² px, {len(text.split()) // 2} runs, by columns"
    return [
        row(f"RLE decode, {what}", decoded[0], "loop over runs", decoded[1], 3.0,
            "ours also checks order, bounds and overlap"),
        row(f"RLE encode, {what}", encoded[0], "loop over pixels", encoded[1], 10.0,
            "same text"),
    ]  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(line)
