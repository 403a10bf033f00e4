"""Making pictures, datasets and a server for the tests of the datasets."""

from __future__ import annotations

import contextlib
import hashlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from segbench.config.dataset import Class, Dataset

ROOT = Path(__file__).resolve().parents[3]
KIDNEY = "02_ImageDataset/01_Mouse_B6J_Kidney_Nucleus_All_ver190903"


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def make_dataset(name: str, **changes: object) -> Dataset:
    values: dict[str, object] = {
        "title": name,
        "format": name,
        "task": "semantic" if name == "kidney_nuclei" else "instances",
        "classes": (Class(name="nucleus", value=1),),
        "licence": "CC0",
        "citation": "nobody",
        "protocols": {},
        **changes,
    }
    return Dataset.model_validate(values)


def shipped(name: str) -> Dataset:
    """A dataset as config/datasets describes it."""
    text = (ROOT / f"config/datasets/{name}.yaml").read_text("utf-8")
    return Dataset.model_validate(yaml.safe_load(text))


def kidney_pair(folder: Path, name: str, seed: int, masks: str = "2_Teacher") -> None:
    """One 12 x 10 pair; seed 0 is blank."""
    rng = np.random.default_rng(seed)
    write_picture(folder / "1_Train" / name, rng.integers(0, 256, (12, 10), dtype=np.uint8))
    mask = np.zeros((12, 10), bool)
    if seed:
        mask[2:5, 3:7] = True
    write_picture(folder / masks / name, mask)


class Server:
    """Serves one body; can cut answers short, refuse ranges or everything."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.requests: list[str | None] = []
        self.cut_after: list[int] = []
        self.status = 200
        self.ranges = True
        self.length = True
        self.content_type = "application/octet-stream"
        self.tag = '"' + hashlib.sha256(body).hexdigest()[:8] + '"'
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.requests.append(wanted)
        if self.status != 200:
            handler.send_response(self.status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = 0
        if wanted and self.ranges and handler.headers.get("If-Range") == self.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.body) > 0:
            handler.send_response(416)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        data = self.body[start:]
        handler.send_response(206 if start else 200)
        if start:
            size = len(self.body)
            handler.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        handler.send_header("ETag", self.tag)
        handler.send_header("Content-Type", self.content_type)
        if self.length:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        cut = self.cut_after.pop(0) if self.cut_after else len(data)
        handler.close_connection = cut < len(data) or not self.length
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            handler.wfile.write(data[:cut])
