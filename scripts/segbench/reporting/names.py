"""Names of arms and runs for the pictures, from the folders their files lie in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

#: Between the names of an arm.
DOT = " · "
#: Before the fold.
FOLD = ", fold "


def arm_label(names: Mapping[str, object]) -> str:
    """Name an arm.

    Parameters
    ----------
    names : mapping
        ``preprocessing``, ``augmentation``, ``model``, ``seed``; those given are named.

    Examples
    --------
    >>> arm_label({"preprocessing": "em-128", "augmentation": "none", "model": "unet", "seed": 0})
    'em-128 · none · unet · seed 0'
    """
    keys = [k for k in ("preprocessing", "augmentation", "model", "seed") if k in names]
    return DOT.join(f"seed {names[k]}" if k == "seed" else str(names[k]) for k in keys)


def _parse(path: str | Path) -> tuple[str, str] | None:
    """Arm and fold (may be empty) of ``.../prep-P/aug-A/MODEL/seed-S/...[/fold-F/...]``."""
    parts = [part.split(".")[0] if part.endswith(".png") else part for part in Path(path).parts]
    for start in range(len(parts) - 3):
        preprocessing, augmentation, model, seed = parts[start : start + 4]
        prefixes = ((preprocessing, "prep-"), (augmentation, "aug-"), (seed, "seed-"))
        if all(part.startswith(prefix) for part, prefix in prefixes):
            values = [part.removeprefix(prefix) for part, prefix in prefixes]
            fold = next((p.removeprefix("fold-") for p in parts if p.startswith("fold-")), "")
            return DOT.join([values[0], values[1], model, f"seed {values[2]}"]), fold
    return None


def arm_labels(paths: Sequence[str | Path]) -> list[str]:
    """Name the arms that some files belong to.

    Parameters
    ----------
    paths : sequence of Path
        ``.../prep-P/aug-A/MODEL/seed-S/...``; a path of another form is its own name.

    Returns
    -------
    list of str
        ``P · A · MODEL · seed S`` without the names that all arms share.

    Examples
    --------
    >>> arm_labels([
    ...     "d/prep-128/aug-none/unet/seed-0/cv.png", "d/prep-256/aug-none/unet/seed-0/cv.png"
    ... ])
    ['128', '256']
    """
    parsed = [_parse(path) for path in paths]
    return without_common(
        [found[0] if found else str(path) for found, path in zip(parsed, paths, strict=True)]
    )


def run_labels(paths: Sequence[str | Path]) -> list[str]:
    """Name the runs that some files belong to.

    Parameters
    ----------
    paths : sequence of Path
        ``.../prep-P/aug-A/MODEL/seed-S/PROTOCOL/fold-F/...``.

    Returns
    -------
    list of str
        As `arm_labels`, with the fold behind.

    Examples
    --------
    >>> run_labels([
    ...     "d/prep-128/aug-none/unet/seed-0/cv/fold-0/history.csv",
    ...     "d/prep-256/aug-none/unet/seed-0/cv/fold-0/history.csv",
    ... ])
    ['128, fold 0', '256, fold 0']
    """
    folds = [found[1] if (found := _parse(path)) else "" for path in paths]
    labels = arm_labels(paths)
    return [
        f"{label}{FOLD}{fold}" if fold else label for label, fold in zip(labels, folds, strict=True)
    ]


def without_common(labels: Sequence[str]) -> list[str]:
    """Leave out the names that all labels share.

    Examples
    --------
    >>> without_common(["em-128 · none · unet", "em-256 · none · unet"])
    ['em-128', 'em-256']
    """
    rows = [label.split(DOT) for label in labels]
    if len(set(labels)) < 2 or len({len(row) for row in rows}) != 1:
        return list(labels)
    varying = [k for k in range(len(rows[0])) if len({row[k] for row in rows}) > 1]
    return [DOT.join(row[k] for k in varying) for row in rows]
