"""From a protocol to roles: train, validation and test in each fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import floor
from pathlib import Path

from segbench.artefacts.appearance import read_appearance
from segbench.artefacts.folds import Assignment, write_folds
from segbench.artefacts.samples import Sample, read_samples
from segbench.artefacts.tsv import AGAIN
from segbench.config.dataset import Fixed, Protocol
from segbench.errors import SegbenchError
from segbench.folds.splitting import Group, draw, groups_of, interleave, split_into_folds


def make_folds(
    samples: str | Path,
    protocol: Protocol,
    output: str | Path,
    appearance: str | Path | None = None,
) -> None:
    """Write `folds.tsv`: one row for each sample with a role in a fold.

    Parameters
    ----------
    samples : path
        `samples.tsv`.
    protocol : Protocol
        How to split.
    output : path
        `folds.tsv`, sorted by fold and sample.
    appearance : path, optional
        `appearance.tsv`, which gives the strata for ``stratify_by: appearance``.

    Raises
    ------
    SegbenchError
        A sheet is wrong, or the protocol cannot be met.
    """
    sheet = read_samples(samples)
    if protocol.stratify_by == "appearance":
        sheet = with_appearance(sheet, appearance)
    write_folds(assign_roles(sheet, protocol, str(samples)), output)


def with_appearance(samples: Sequence[Sample], path: str | Path | None) -> list[Sample]:
    """Replace the strata of samples by the clusters of similar images in `appearance.tsv`.

    Raises
    ------
    SegbenchError
        There is no such table, or it lacks a sample.
    """
    if path is None:
        raise SegbenchError(
            "stratify_by: appearance, but no clusters are given",
            "the exploration's appearance.tsv",
            "run the exploration of the dataset, or set `stratify_by: stratum`",
        )
    clusters = read_appearance(path)
    missing = [row.sample for row in samples if row.sample not in clusters]
    if missing:
        raise SegbenchError(
            f"{path}: sample {missing[0]!r} is in no cluster", "a row for each sample", AGAIN
        )
    names = {sample: "" if n is None else str(n) for sample, n in clusters.items()}
    return [replace(row, stratum=f"appearance-{names[row.sample]}") for row in samples]


def assign_roles(
    samples: Sequence[Sample], protocol: Protocol, where: str = "samples"
) -> list[Assignment]:
    """Give each sample its role in each fold.

    Parameters
    ----------
    samples : sequence of Sample
        In any order.
    protocol : Protocol
        How to split, free of contradictions (`segbench.config.checks_dataset`); see Notes.
    where : str
        Name of the sheet in errors.

    Returns
    -------
    list of Assignment
        Sorted by fold and sample.

    Raises
    ------
    SegbenchError
        There are fewer groups than folds, whole groups cannot give a count or fraction, or a
        role would be empty.

    Notes
    -----
    ``test.by: none`` is cross-validation: each of `folds` folds is the test set once.
    Otherwise the test set is the same in every fold: the publisher's, or a number or fraction
    of the samples. Samples on the training side whose group also occurs in the publisher's
    test set are left out: they get no role.

    ``validation.by: count`` or ``fraction`` draws from the rest, anew in each fold, first
    those drawn least often before. ``none`` with a fixed test set and several folds makes
    each fold the validation set in turn; otherwise there is no validation set.

    Groups never part. With `stratify`, every part has the composition of the whole.

    ``order: listed`` draws nothing: in the order of the ids, the last samples are the test
    set and those before them the validation set. A group has the place of its last sample.
    """
    samples = sorted(samples, key=lambda row: row.sample)
    if protocol.test.by == "none":
        tests = _folds_of(samples, protocol, where, _joins(samples))
    else:
        tests = [_held_out(samples, protocol, where)] * protocol.folds
    validations = _validations(samples, tests, protocol, where)
    rows = []
    for fold, (test, validation) in enumerate(zip(tests, validations, strict=True)):
        for row in samples:
            role = _role(row, protocol, test, validation)
            if role:
                rows.append(Assignment(fold, row.sample, row.group, row.stratum, role))
    _check_roles(rows, protocol, where, _joins(samples))
    return rows


def _role(row: Sample, protocol: Protocol, test: set[str], validation: set[str]) -> str | None:
    """Role of a sample in the fold with these test and validation groups."""
    if row.group in test:
        # A training-side sample whose group the publisher also tests on has no role.
        left_out = protocol.test.by == "publisher" and row.split != "test"
        return None if left_out else "test"
    return "validation" if row.group in validation else "train"


def _folds_of(
    samples: Sequence[Sample], protocol: Protocol, where: str, joins: str
) -> list[set[str]]:
    """The groups of each fold of the protocol; each group is in one fold."""
    groups = groups_of(samples, protocol.stratify)
    if len(groups) < protocol.folds:
        raise SegbenchError(
            f"{where}: {len(groups)} groups cannot fill {protocol.folds} folds{joins}",
            "at least as many groups as folds; groups never part",
            "ask for fewer folds in the protocol or add samples",
        )
    return [set(fold) for fold in split_into_folds(groups, protocol.folds, protocol.seed)]


def _held_out(samples: Sequence[Sample], protocol: Protocol, where: str) -> set[str]:
    """The test groups of a protocol with a fixed test set."""
    if protocol.test.by == "publisher":
        return {row.group for row in samples if row.split == "test"}
    order = _preferred(samples, protocol, "test")
    return _take(order, protocol.test, "test", where, _joins(samples))


def _preferred(
    samples: Sequence[Sample],
    protocol: Protocol,
    purpose: str,
    used: Mapping[str, int] | None = None,
) -> list[Group]:
    """Groups in the order in which they are drawn, or listed from the end."""
    groups = groups_of(samples, protocol.stratify)
    if protocol.order == "shuffled":
        return interleave(groups, protocol.seed, purpose, used)
    last = {row.group: place for place, row in enumerate(samples)}
    return sorted(groups, key=lambda group: last[group.name], reverse=True)


def _validations(
    samples: Sequence[Sample], tests: Sequence[set[str]], protocol: Protocol, where: str
) -> list[set[str]]:
    """Choose the validation groups of each fold."""
    if protocol.validation.by == "none":
        if protocol.test.by == "none" or protocol.folds == 1:
            return [set() for _ in tests]
        rest = [row for row in samples if row.group not in tests[0]]
        return _folds_of(rest, protocol, where, _joins(samples))
    used: Counter[str] = Counter()
    result = []
    for fold, test in enumerate(tests):
        rest = [row for row in samples if row.group not in test]
        order = _preferred(rest, protocol, f"validation {fold}", used)
        chosen = _take(order, protocol.validation, "validation", where, _joins(samples))
        used.update(chosen)
        result.append(chosen)
    return result


def _take(order: Sequence[Group], fixed: Fixed, role: str, where: str, joins: str) -> set[str]:
    """Choose groups for a role, by count (exactly) or by fraction (as near as groups allow)."""
    total = sum(group.size for group in order)
    wanted = fixed.count if fixed.by == "count" else fixed.fraction
    assert wanted is not None  # the check of the configuration
    candidates: list[int] = []
    if fixed.by == "count":
        candidates = [int(wanted)]
    elif 0 < wanted < 1:
        target = floor(wanted * total + 0.5)
        candidates = sorted(range(1, total), key=lambda n: (abs(n - target), n))
    for count in candidates:
        if 1 <= count < total:
            chosen = draw(order, count)
            if chosen is not None:
                return set(chosen)
    raise SegbenchError(
        f"{where}: cannot take {wanted:g} ({fixed.by}) of {total} samples for {role} with "
        f"{len(order)} whole groups of {_sizes(order)}{joins}",
        f"a {fixed.by} that whole groups can give and that leaves samples for training",
        f"change `{role}` in the protocol",
    )


def _joins(samples: Iterable[Sample]) -> str:
    """Samples joined to the group of others, and why; empty if there are none."""
    joined = [row for row in samples if row.joined]
    if not joined:
        return ""
    shown = ", ".join(f"{row.sample} in group {row.group} ({row.joined})" for row in joined[:5])
    more = f" and {len(joined) - 5} more, see the column joined" if len(joined) > 5 else ""
    return f"; joined to other groups: {shown}{more}"


def _sizes(groups: Sequence[Group]) -> str:
    """Range of the group sizes."""
    sizes = sorted({group.size for group in groups})
    if not sizes:
        return "no samples"
    if len(sizes) == 1:
        return f"{sizes[0]} sample(s)"
    return f"{sizes[0]} to {sizes[-1]} samples"


def _check_roles(rows: Sequence[Assignment], protocol: Protocol, where: str, joins: str) -> None:
    """Check that no role that the protocol asks for is empty in a fold."""
    roles = ["train", "test"]
    by_folds = protocol.test.by != "none" and protocol.folds > 1
    if protocol.validation.by != "none" or by_folds:
        roles.insert(1, "validation")
    count = Counter((row.fold, row.role) for row in rows)
    for fold in range(protocol.folds):
        for role in roles:
            if not count[fold, role]:
                raise SegbenchError(
                    f"{where}: fold {fold} has no sample for {role}{joins}",
                    "at least one sample for each role",
                    "change the protocol or add samples (test.by publisher needs rows whose "
                    "split is test)",
                )
