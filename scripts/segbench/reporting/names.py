"""Names of arms and runs, as pictures and pages print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segbench.arms import WITHIN_STUDY

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
    keys = [k for k in WITHIN_STUDY if k in names]
    return DOT.join(f"seed {names[k]}" if k == "seed" else str(names[k]) for k in keys)


def arm_labels(arms: Sequence[Mapping[str, object]]) -> list[str]:
    """Name some arms, without the names that all of them share.

    Parameters
    ----------
    arms : sequence of mapping
        See `arm_label`.

    Examples
    --------
    >>> arm_labels([{"preprocessing": "128", "model": "unet"},
    ...             {"preprocessing": "256", "model": "unet"}])
    ['128', '256']
    """
    return without_common([arm_label(names) for names in arms])


def run_labels(runs: Sequence[Mapping[str, object]]) -> list[str]:
    """Name some runs: as `arm_labels`, followed by the fold.

    Parameters
    ----------
    runs : sequence of mapping
        The names of an arm, and its ``fold``.

    Examples
    --------
    >>> run_labels([{"model": "unet", "fold": 0}, {"model": "plain", "fold": 0}])
    ['unet, fold 0', 'plain, fold 0']
    """
    labels = zip(arm_labels(runs), runs, strict=True)
    return [f"{label}{FOLD}{names['fold']}" for label, names in labels]


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
