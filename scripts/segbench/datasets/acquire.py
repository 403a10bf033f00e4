"""Acquiring a dataset: generate it, download it, or link a folder."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from segbench.config.dataset import Dataset, Download, Folder, Generated
from segbench.datasets import generator, reader_of
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes, write_text

log = logging.getLogger(__name__)


def acquire(dataset: Dataset, raw: Path, record: Path) -> None:
    """Make the raw tree of a dataset, in its publisher's format, and record its origin.

    Parameters
    ----------
    dataset : Dataset
        `source` says where the data come from: ``generated``, ``download`` or ``folder``.
    raw : Path
        The raw tree. It appears whole or not at all. For ``folder`` it is a link to the
        user's folder, which is not copied and never written to. A download that is there
        already is not repeated.
    record : Path
        JSON: source, for a download its url, SHA-256 and size, number
        of samples. It holds no path of this machine.

    Raises
    ------
    SegbenchError
        What was asked for cannot be obtained; the raw tree is then as it was.
    """
    raw, record = Path(raw), Path(record)
    sources: dict[str, Callable[[Dataset, Any, Path], dict[str, Any]]] = {
        "generated": _generate,
        "download": _download,
        "folder": _link,
    }
    _check_own(raw)
    raw.parent.mkdir(parents=True, exist_ok=True)
    origin = sources[dataset.source](dataset, getattr(dataset, dataset.source), raw)
    splits = Counter(sample.split for sample in reader_of(dataset).scan(raw))
    content = {
        "format": dataset.format,
        "source": dataset.source,
        "generated": dataset.source == "generated",
        "samples": dict(sorted(splits.items())),
        **origin,
    }
    write_text(record, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _beside(raw: Path, kind: str) -> Path:
    """Name our own files beside the raw tree, which stays the publisher's."""
    return raw.with_name(f".{raw.name}.{kind}")


def _check_own(raw: Path) -> None:
    """Refuse to replace a folder that was not made here."""
    if raw.is_symlink() or _beside(raw, "origin.json").exists():
        return
    if raw.is_dir() and not any(raw.iterdir()):
        return
    if raw.exists():
        raise SegbenchError(
            f"{raw}: is there already and was not made by this workflow",
            "no such folder, so that nothing of yours is overwritten",
            "to use it, move it elsewhere and set `source: folder` and `folder: {path: ...}`; "
            "else delete it",
        )


def _put_in_place(whole: Path, raw: Path, origin: dict[str, Any]) -> None:
    """Move a finished tree to the raw tree; what was there is removed last."""
    old = _beside(raw, "old")
    _remove(old)
    write_text(_beside(raw, "origin.json"), json.dumps(origin, sort_keys=True))
    if raw.is_symlink() or raw.exists():
        raw.rename(old)
    whole.rename(raw)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


@contextmanager
def _new_folder(raw: Path) -> Iterator[Path]:
    """An empty folder beside the raw tree, removed afterwards unless it was moved."""
    folder = _beside(raw, "partial")
    _remove(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        _remove(folder)


def _generate(dataset: Dataset, recipe: Generated, raw: Path) -> dict[str, Any]:
    origin = {"seed": recipe.seed}
    with _new_folder(raw) as folder:
        generator(dataset.format)(folder, recipe.samples, recipe.test_samples, recipe.seed)
        _put_in_place(folder, raw, origin)
    return origin


def _link(dataset: Dataset, recipe: Folder, raw: Path) -> dict[str, Any]:
    folder = Path(recipe.path).expanduser()
    if not folder.is_dir():
        raise SegbenchError(
            f"folder.path {recipe.path}: there is no such folder",
            f"a folder with the dataset, in the format {dataset.format}",
            "correct the path, or choose another source",
        )
    if folder.resolve() == raw.absolute():
        raise SegbenchError(
            f"folder.path {recipe.path}: is the raw folder itself",
            "a folder outside the workflow's data folder",
            "move the data elsewhere and correct the path",
        )
    _check_samples(dataset, folder)
    link = _beside(raw, "partial")
    _remove(link)
    link.symlink_to(folder.resolve(), target_is_directory=True)
    if raw.exists() and not raw.is_symlink():
        _put_in_place(link, raw, {})
    else:
        os.replace(link, raw)
    return {}


def _check_samples(dataset: Dataset, folder: Path) -> None:
    """Refuse a tree without samples."""
    if next(iter(reader_of(dataset).scan(folder)), None) is None:
        raise SegbenchError(
            f"{folder}: no samples are in it",
            f"a dataset in the format {dataset.format}",
            "check that the folder or the archive is the right one",
        )


def _download(dataset: Dataset, recipe: Download, raw: Path) -> dict[str, Any]:
    wanted = sha256_of_bytes(recipe.model_dump_json(exclude={"login"}).encode())
    note = _beside(raw, "origin.json")
    if raw.is_dir() and not raw.is_symlink() and note.exists():
        origin = json.loads(note.read_text("utf-8"))
        if origin.pop("recipe", None) == wanted:
            log.info("%s: downloaded before", raw.name)
            return dict(origin)
    with _new_folder(raw) as folder:
        fetch = _clone if recipe.archive == "git" else _fetch
        origin = fetch(recipe, raw, folder)
        _check_samples(dataset, folder)
        # One call for thousands of small files: after a crash none may pass for complete.
        os.sync()
        _put_in_place(folder, raw, {**origin, "recipe": wanted})
    for leftover in (_part(recipe, raw), _part(recipe, raw).with_suffix(".part.json")):
        leftover.unlink(missing_ok=True)
    return origin


def _part(recipe: Download, raw: Path) -> Path:
    """Where the bytes of this url are collected."""
    return _beside(raw, f"{sha256_of_bytes(recipe.url.encode())[:12]}.part")


def _fetch(recipe: Download, raw: Path, folder: Path) -> dict[str, Any]:
    """Download, verify and unpack one file into `folder`."""
    from segbench.datasets.transfer import download
    from segbench.datasets.unpack import unpack

    part = _part(recipe, raw)
    digest = download(recipe, part)
    origin = {"url": recipe.url, "sha256": digest, "bytes": part.stat().st_size}
    if recipe.archive == "none":
        name = Path(urlsplit(recipe.url).path).name or "download"
        shutil.copyfile(part, folder / name)
    elif recipe.archive in {"zip", "tar"}:
        unpack(part, recipe.archive, folder)
    return origin


def _clone(recipe: Download, raw: Path, folder: Path) -> dict[str, Any]:
    """Fetch one state of a git repository; ``url#COMMIT`` names which, and verifies it."""
    url, _, commit = recipe.url.partition("#")
    if not url.startswith(("https://", "file://", "ssh://")):
        raise SegbenchError(
            f"{recipe.url}: is not the address of a git repository",
            "https://..., with #COMMIT behind it to pin the state",
            "correct download.url",
        )
    _git(recipe, folder, "init", "--quiet", ".")
    _git(
        recipe, folder, "fetch", "--depth=1", "--no-tags", "--progress", "--", url, commit or "HEAD"
    )
    _git(recipe, folder, "-c", "core.symlinks=false", "checkout", "--quiet", "FETCH_HEAD")
    found = _git(recipe, folder, "rev-parse", "HEAD").strip()
    log.info("%s: commit %s", raw.name, found)
    shutil.rmtree(folder / ".git")
    return {"url": recipe.url, "commit": found}


def _git(recipe: Download, folder: Path, *arguments: str) -> str:
    """Run git without hooks, prompts or the user's filters."""
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
    command = ["git", "-c", f"core.hooksPath={os.devnull}", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    except FileNotFoundError as error:
        raise SegbenchError(
            f"{recipe.url}: git is not installed", "the program git", "install git"
        ) from error
    except subprocess.CalledProcessError as error:
        raise SegbenchError(
            f"{recipe.url}: git {arguments[0]} failed, see its message above",
            "a repository and a commit that can be fetched without a login",
            "check the network, the address and the commit; or use `source: folder`",
        ) from error
    return done.stdout
