"""Checks of the files that a configuration names: a mistake in a path is found before the DAG."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from segbench.config.dataset import Dataset, Formats, Layout
from segbench.config.findings import Finding
from segbench.config.model import Model
from segbench.config.study import Study
from segbench.models.files import local_weights

#: Endings of pictures that carry no pixel spacing; those of all others may.
_WITHOUT_SPACING = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".npy", ".npz")
_WITH_SPACING = (
    ".nii", ".nii.gz", ".tif", ".tiff", ".btf", ".svs", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm",
    ".dicom", ".ima", ".h5", ".hdf5", ".zarr",
)  # fmt: skip

#: Column of a sheet that gives the spacing of its samples.
_COLUMN = "spacing_y_mm"


def nearest_folder(path: Path) -> Path:
    """Give the deepest folder on the way to a path that exists.

    Examples
    --------
    >>> nearest_folder(Path("/no-such-folder/images")).as_posix()
    '/'
    """
    return next(parent for parent in path.absolute().parents if parent.is_dir())


def _missing(what: str, path: Path) -> str:
    """Say that a path does not exist, and how far it does."""
    folder = nearest_folder(path)
    held = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
    shown = ", ".join(held[:5]) + (", ..." if len(held) > 5 else "") if held else "nothing"
    return f"there is no {what} {path}; the nearest folder is {folder}, which holds {shown}"


def asked_studies(command: Iterable[str], studies: Mapping[str, Study]) -> list[str]:
    """Names of the studies that a command line names, by themselves, by their dataset or in a path.

    All of them where it names none.
    """
    words = {word for part in command for word in re.split("[/=]", part)}
    return [
        name
        for name, study in studies.items()
        if any(word in (name, study.dataset) or word.startswith(f"{name}.") for word in words)
    ] or list(studies)


def check_source(dataset: Dataset, root: Path) -> Iterator[Finding]:
    """Find out whether the raw files exist that the user names: the folder, and what is in it."""
    if dataset.source != "folder" or dataset.folder is None:
        return
    path = root / Path(dataset.folder.path).expanduser()
    if not path.is_dir():
        yield Finding(("folder", "path"), _missing("folder", path),
                      "a folder that exists, or another source")  # fmt: skip
    elif dataset.layout is not None:
        named = dataset.layout.model_fields_set
        for key, what in (("images", "folder"), ("masks", "folder"), ("sheet", "file")):
            inside = path / (getattr(dataset.layout, key) or "")
            if key in named and not (inside.is_dir() if what == "folder" else inside.exists()):
                yield Finding(("layout", key), _missing(what, inside),
                              f"a {what} of the raw folder")  # fmt: skip


def check_weights(model: Model, root: Path) -> Iterator[Finding]:
    """Find out whether the local file of weights exists, where a recipe names one."""
    for path in map(Path, local_weights(model.network, root)):
        if not path.is_file():
            yield Finding(("network", "backbone", "weights"), _missing("file", path),
                          "a file that exists, imagenet, or null")  # fmt: skip


def lacks_spacing(dataset: Dataset, root: Path | None, formats: Formats) -> bool:
    """Whether the samples of a dataset cannot have a known pixel spacing.

    Parameters
    ----------
    dataset : Dataset
    root : Path or None
        Where a relative path to a folder of the user's begins; None: its files are not looked
        at.
    formats : mapping
        Every format by name.

    Returns
    -------
    bool
        True only where it is certain; a format whose files may carry a spacing gives False.
    """
    if dataset.spacing_um is not None or dataset.format not in formats:
        return False
    if not formats[dataset.format].spacing_in_files:
        return True
    if dataset.format != "folder" or dataset.source != "folder" or root is None:
        return False
    assert dataset.folder is not None
    folder = root / Path(dataset.folder.path).expanduser()
    layout = dataset.layout or Layout()
    if not folder.is_dir() or (layout.sheet and _has_column(folder / layout.sheet)):
        return False
    names = [name.lower() for name in _names(folder / layout.images)]
    return any(name.endswith(_WITHOUT_SPACING) for name in names) and not any(
        name.endswith(_WITH_SPACING) for name in names
    )


def _has_column(sheet: Path) -> bool:
    """Whether a sheet has the column of the spacing; an unreadable sheet is not judged here."""
    try:
        with sheet.open(encoding="utf-8-sig") as lines:
            return _COLUMN in lines.readline()
    except (OSError, UnicodeDecodeError):
        return True


def _names(folder: Path) -> Iterable[str]:
    """Names of the files below a folder."""
    from segbench.decoders.listing import walk  # loads NumPy

    for _, names in walk(folder) if folder.is_dir() else ():
        yield from names
