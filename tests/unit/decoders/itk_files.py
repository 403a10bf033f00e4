"""Writes NRRD and MetaImage files by hand, field by field."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TYPES = {"u1": ("uchar", "MET_UCHAR"), "i2": ("short", "MET_SHORT"), "f4": ("float", "MET_FLOAT")}


def write_nrrd(path: Path, stored: np.ndarray, *fields: str, encode=None) -> Path:
    """`stored` has the axes of the file in reverse: the fastest last."""
    lines = [
        "NRRD0005",
        f"type: {TYPES[stored.dtype.str[1:]][0]}",
        f"dimension: {stored.ndim}",
        f"sizes: {' '.join(map(str, stored.shape[::-1]))}",
        "endian: little",
        *fields,
    ]
    lines += [] if any(line.startswith("encoding") for line in fields) else ["encoding: raw"]
    data = (encode or bytes)(stored.tobytes())
    path.write_bytes("".join(f"{line}\n" for line in lines).encode() + b"\n" + data)
    return path


def write_meta(path: Path, stored: np.ndarray, *fields: str, values: int = 1, data=None) -> Path:
    """`stored` is ([z,] y, x[, value]); with `data`, those bytes are written instead."""
    size = stored.shape[::-1] if values == 1 else stored.shape[-2::-1]
    lines = [
        "ObjectType = Image",
        f"NDims = {len(size)}",
        "BinaryData = True",
        f"DimSize = {' '.join(map(str, size))}",
        *([f"ElementNumberOfChannels = {values}"] if values > 1 else []),
        *fields,
        f"ElementType = {TYPES[stored.dtype.str[1:]][1]}",
    ]
    text = "".join(f"{line}\n" for line in lines)
    if path.suffix == ".mhd":
        path.write_text(f"{text}ElementDataFile = {path.stem}.raw\n")
        path.with_suffix(".raw").write_bytes(stored.tobytes())
    else:
        head = f"{text}ElementDataFile = LOCAL\n".encode()
        path.write_bytes(head + (stored.tobytes() if data is None else data))
    return path
