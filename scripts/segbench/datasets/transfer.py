"""Resumable downloads, verified before use."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segbench.config.dataset import Download
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file

if TYPE_CHECKING:
    import requests

#: Bytes read at a time; when a connection breaks, what was read of the last ones is lost.
CHUNK = 1 << 14
#: Seconds to connect, seconds without a byte.
TIMEOUT = (15, 60)
#: Attempts per call after broken connections.
ATTEMPTS = 5


def download(recipe: Download, part: Path) -> str:
    """Download a file; resume where an earlier attempt stopped.

    Parameters
    ----------
    recipe : Download
        URL and, where known, size and SHA-256.
    part : Path
        Where the bytes are collected. It stays when the transfer breaks off, with a note of the
        server's version of the file beside it (`.json`), and is asked to be completed by
        the next call. If that is another version by then, it starts over.

    Returns
    -------
    str
        SHA-256 of the whole file, in hexadecimal.

    Raises
    ------
    SegbenchError
        A login is needed, the server cannot be reached or refuses, the file is cut short,
        or it is not the one whose size and digest the recipe states.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    note = part.with_name(part.name + ".json")
    for attempt in range(1, ATTEMPTS + 1):
        with _explained(recipe):
            missing = _attempt(recipe, part, note)
        if not missing:
            break
        if attempt == ATTEMPTS:
            raise SegbenchError(
                f"{recipe.url}: stopped after {_size(part)} bytes, {missing} are missing",
                "the whole file",
                "run the same command again; it resumes where it stopped",
            )
    return _verified(recipe, part, note)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read_note(note: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(note.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _version(response: requests.Response) -> str | None:
    """Identifier of the server's version: a strong ETag, else Last-Modified."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")


def _attempt(recipe: Download, part: Path, note: Path) -> int:
    """Request the missing bytes once; return how many are still missing."""
    import requests

    have, known = _size(part), _read_note(note)
    same = known.get("url") == recipe.url
    if have and same and known.get("total") == have:
        return 0
    headers = {"Accept-Encoding": "identity"}
    # Without a version to compare, two halves of two files could be joined.
    if have and same and known.get("version"):
        headers |= {"Range": f"bytes={have}-", "If-Range": known["version"]}
    else:
        have = 0
    with requests.get(recipe.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        resumed = response.status_code == 206 and _starts_at(response) == have
        if response.status_code == 416 or (response.status_code == 206 and not resumed):
            note.unlink(missing_ok=True)  # the partial file does not fit: request the whole file
            return recipe.bytes or 1
        _check_status(recipe, response)
        have = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else recipe.bytes
        if recipe.bytes is not None and total != recipe.bytes:
            raise _wrong_file(recipe, f"has {total} bytes", f"{recipe.bytes} bytes")
        record = {"url": recipe.url, "version": _version(response), "total": total}
        note.write_text(json.dumps(record, sort_keys=True), "utf-8")
        try:
            _receive(recipe, response, part, have, total)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return (total or _size(part) + 1) - _size(part)
    return max(0, (total or _size(part)) - _size(part))


def _starts_at(response: requests.Response) -> int:
    """First byte of a partial answer, from ``Content-Range: bytes 5-9/10``."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(first) if first.isdecimal() else -1


def _receive(
    recipe: Download, response: requests.Response, part: Path, have: int, total: int | None
) -> None:
    """Append the body to the partial file, showing progress."""
    limit = recipe.bytes or total
    with part.open("r+b" if have else "wb") as handle, _progress(recipe.url, have, total) as bar:
        handle.truncate(have)
        handle.seek(have)
        for chunk in response.iter_content(CHUNK):
            handle.write(chunk)
            have += len(chunk)
            bar.update(len(chunk))
            if limit is not None and have > limit:
                break


@contextmanager
def _progress(url: str, have: int, total: int | None) -> Iterator[Any]:
    """A bar on a terminal; a line every half minute in a log."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    with tqdm(
        desc=url.rsplit("/", 1)[-1][:40],
        initial=have,
        total=total,
        unit="B",
        unit_scale=True,
        mininterval=0.2 if terminal else 30,
        ascii=not terminal,
    ) as bar:
        yield bar


def _check_status(recipe: Download, response: requests.Response) -> None:
    """Explain a refusal by the server."""
    html = response.headers.get("Content-Type", "").startswith("text/html")
    login = response.status_code in {401, 403} or (
        html and not recipe.url.endswith((".html", ".htm"))
    )
    if login and response.status_code < 404:
        where = recipe.login or recipe.url
        answer = "a web page, not the file" if response.ok else f"HTTP {response.status_code}"
        raise SegbenchError(
            f"{recipe.url}: the server answers with {answer}",
            "the file; the publisher asks for a login or for the licence to be accepted",
            f"log in at {where}, accept the licence, download and unpack the data by hand, "
            "then set `source: folder` and `folder: {path: ...}`",
        )
    if not response.ok:
        raise SegbenchError(
            f"{recipe.url}: the server answers with HTTP {response.status_code} {response.reason}",
            "the file",
            "try again later; if it has moved, correct download.url",
        )


@contextmanager
def _explained(recipe: Download) -> Iterator[None]:
    """Turn network errors into a SegbenchError."""
    import requests
    from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

    try:
        yield
    except (InvalidURL, InvalidSchema, MissingSchema) as error:
        raise SegbenchError(
            f"{recipe.url}: is not an address ({error})", "https://...", "correct download.url"
        ) from error
    except requests.RequestException as error:
        raise SegbenchError(
            f"{recipe.url}: cannot be reached ({type(error).__name__})",
            "a connection to the publisher's server",
            "check the network and run the same command again (it resumes where it stopped); "
            "without a network use `source: generated` or `source: folder`",
        ) from error


def _verified(recipe: Download, part: Path, note: Path) -> str:
    """Compare size and digest; a file that is not the right one is removed."""
    size, digest = _size(part), sha256_of_file(part)
    wrong = None
    if recipe.bytes is not None and size != recipe.bytes:
        wrong = _wrong_file(recipe, f"has {size} bytes", f"{recipe.bytes} bytes")
    elif recipe.sha256 is not None and digest != recipe.sha256:
        wrong = _wrong_file(recipe, f"has the SHA-256 {digest}", recipe.sha256)
    if wrong:
        part.unlink()
        note.unlink(missing_ok=True)
        raise wrong
    return digest


def _wrong_file(recipe: Download, what: str, expected: str) -> SegbenchError:
    return SegbenchError(
        f"{recipe.url}: the file {what}",
        expected,
        "run the same command again; if it stays so, the publisher has changed the file: "
        "look at what changed before you correct the dataset's config",
    )
