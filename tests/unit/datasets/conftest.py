"""Small trees in the publishers' formats, and a server to download them from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from unit.datasets.helpers import KIDNEY, Server, kidney_pair, write_picture


@pytest.fixture()
def kidney_tree(tmp_path: Path) -> Path:
    """The newer layout: two pairs, one blank and its copy, one test pair."""
    root = tmp_path / "kidney"
    base = root / KIDNEY
    for folder in ("1st_Train", "2nd_Train"):
        kidney_pair(base / folder, "NepKid_01-000.png", 1)
        kidney_pair(base / folder, "WideEM_x1024-R0005-000.png", 2)
    kidney_pair(base / "2nd_Train", "Z_01.png", 0)
    source = base / "2nd_Train" / "1_Train" / "Z_01.png"
    (base / "5_Blank").mkdir()
    (base / "5_Blank" / "WideEM_x1024-R0007.png").write_bytes(source.read_bytes())
    rng = np.random.default_rng(9)
    write_picture(base / "3_Test/NepKid_13-000.png", rng.integers(0, 256, (9, 11), dtype=np.uint8))
    write_picture(base / "4_Test_GT/NepKid_13-000.png", np.eye(9, 11).astype(bool))
    return root


@pytest.fixture()
def dsb_tree(tmp_path: Path) -> Path:
    """Two samples, of 2 and 1 nuclei."""
    root = tmp_path / "dsb"
    for name, boxes in (
        ("a" * 64, [np.s_[0:2, 0:3], np.s_[4:8, 5:9]]),
        ("b" * 64, [np.s_[1:3, 1:3]]),
    ):
        folder = root / "stage1_train" / name
        image = np.full((8, 9, 4), 255, np.uint8)
        image[..., :3] = np.random.default_rng(len(boxes)).integers(0, 90, (8, 9, 1))
        write_picture(folder / "images" / f"{name}.png", image)
        for number, box in enumerate(boxes):
            mask = np.zeros((8, 9), np.uint8)
            mask[box] = 255
            write_picture(folder / "masks" / f"{number:064x}.png", mask)
    return root


@pytest.fixture()
def serve() -> Iterator[Callable[[bytes, str], Server]]:
    """Start a server on this machine for one body: `serve(body, file_name)`."""
    running: list[ThreadingHTTPServer] = []

    def start(body: bytes, name: str = "data.zip") -> Server:
        server = Server(body)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        running.append(http)
        server.url = f"http://127.0.0.1:{http.server_address[1]}/{name}"
        return server

    yield start
    for http in running:
        http.shutdown()
        http.server_close()
