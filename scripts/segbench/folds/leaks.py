"""The leak check: reads the folds as written and judges them without the code that made them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from segbench.archives import Archive
from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.folds.sheet import Sample, read_samples, read_table

ROLES = ("train", "validation", "test")
#: Roles of the samples of one fold.
Roles = Mapping[str, str]


def check_leaks(
    folds: str | Path, samples: str | Path, archives: Iterable[str | Path], output: str | Path
) -> None:
    """Fail if anything that is tested on, or chosen by, could have been trained on.

    Parameters
    ----------
    folds : str or Path
        `folds.tsv`.
    samples : str or Path
        `samples.tsv`, which alone says what the groups and equal images are.
    archives : iterable of str or Path
        The shards that training reads, preprocessed or amplified.
    output : str or Path
        The verdict, JSON: ``verdict`` (always "clean": a leak writes nothing),
        ``scheme``, ``checked`` (counts), ``roles`` (samples a fold and role) and
        ``left_out`` (samples without a role in any fold).

    Raises
    ------
    SegbenchError
        A group or an image is in two roles of a fold, a sample is tested on in some
        folds but not in others (or, by cross-validation, not exactly once), a copy
        has no source or another's name, or the two sheets disagree.
    """
    sheet = {row.sample: row for row in read_samples(samples)}
    roles = _read_folds(folds, sheet)
    for fold, by_sample in sorted(roles.items()):
        _check_complete(folds, fold, by_sample)
        _check_parts(folds, fold, by_sample, sheet, "group")
        _check_parts(folds, fold, by_sample, sheet, "image_sha256")
    scheme = _check_tests(folds, roles, sheet)
    counts = _check_archives(archives, sheet)
    verdict = {
        "verdict": "clean",
        "scheme": scheme,
        "checked": {
            "samples": len(sheet),
            "groups": len({row.group for row in sheet.values()}),
            "folds": len(roles),
            "rows": sum(map(len, roles.values())),
            **counts,
        },
        "roles": [
            {"fold": fold, **{role: n[role] for role in ROLES}}
            for fold, n in sorted((fold, Counter(r.values())) for fold, r in roles.items())
        ],
        "left_out": sorted(set(sheet) - {name for r in roles.values() for name in r}),
    }
    write_text(output, json.dumps(verdict, indent=1, sort_keys=True) + "\n")


def _leak(what: str, expected: str) -> SegbenchError:
    return SegbenchError(
        f"LEAK: {what}",
        expected,
        "do not use these folds: delete folds.tsv and run again; if it comes back, report it",
    )


def _read_folds(path: str | Path, sheet: Mapping[str, Sample]) -> dict[int, dict[str, str]]:
    """Roles by fold and sample; what the rows say must fit the sample sheet."""
    roles: dict[int, dict[str, str]] = defaultdict(dict)
    rows = read_table(path, ("sample", "group", "stratum", "fold", "role"))
    for line, row in enumerate(rows, start=2):
        name, where = row["sample"], f"{path}: line {line}"
        if row["role"] not in ROLES or not row["fold"].isdecimal():
            raise SegbenchError(
                f"{where}: fold {row['fold']!r}, role {row['role']!r}",
                f"a number, and one of {', '.join(ROLES)}",
                "delete the file and run the same command again",
            )
        if name not in sheet or sheet[name].group != row["group"]:
            known = f"in group {sheet[name].group!r}" if name in sheet else "unknown"
            raise _leak(
                f"{where}: sample {name!r} of group {row['group']!r}, which is {known} in the "
                "sample sheet",
                "the samples and groups of the sheet",
            )
        fold = int(row["fold"])
        if name in roles[fold]:
            raise _leak(
                f"{where}: sample {name!r} is both {roles[fold][name]} and {row['role']} in "
                f"fold {fold}",
                "one role a sample in each fold",
            )
        roles[fold][name] = row["role"]
    if sorted(roles) != list(range(len(roles))) or not roles:
        raise SegbenchError(
            f"{path}: folds {sorted(roles)}",
            "folds numbered 0, 1, 2, ...",
            "delete the file and run the same command again",
        )
    return dict(roles)


def _check_complete(path: str | Path, fold: int, roles: Roles) -> None:
    """Insist that each fold trains and tests on something."""
    for role in ("train", "test"):
        if role not in roles.values():
            raise SegbenchError(
                f"{path}: fold {fold} has no sample for {role}",
                "at least one sample to train on and one to test on",
                "change the protocol",
            )


def _check_parts(
    path: str | Path, fold: int, roles: Roles, sheet: Mapping[str, Sample], key: str
) -> None:
    """Insist that samples that share a group, or an image, share their role."""
    first: dict[str, str] = {}
    for name in sorted(roles):
        value = getattr(sheet[name], key)
        if not value:
            continue
        other = first.setdefault(value, name)
        if roles[other] != roles[name]:
            shared = {"group": "of group", "image_sha256": "with the image of SHA-256"}[key]
            raise _leak(
                f"{path}: fold {fold}: samples {other!r} ({roles[other]}, group "
                f"{sheet[other].group!r}) and {name!r} ({roles[name]}, group "
                f"{sheet[name].group!r}), both {shared} {value!r}, have different roles",
                "one role for all samples of a group and for equal images",
            )


def _check_tests(path: str | Path, folds: Mapping[int, Roles], sheet: Mapping[str, Sample]) -> str:
    """Insist on one fixed test set, or on each sample being tested on exactly once."""
    tests = [
        {name for name, role in roles.items() if role == "test"}
        for _, roles in sorted(folds.items())
    ]
    if all(test == tests[0] for test in tests):
        return "hold-out"
    times = Counter(name for test in tests for name in test)
    for name in sorted(sheet):
        if times[name] != 1:
            where = [fold for fold, test in enumerate(tests) if name in test]
            raise _leak(
                f"{path}: sample {name!r} (group {sheet[name].group!r}) is tested on "
                f"{times[name]} times, in folds {where}",
                "each sample tested on exactly once, or one test set in all folds",
            )
    return "cross-validation"


def _check_archives(archives: Iterable[str | Path], sheet: Mapping[str, Sample]) -> dict[str, int]:
    """Insist that every copy names its source, and is not named after another sample."""
    shards = copies = 0
    sources: set[str] = set()
    for path in archives:
        shards += 1
        with Archive(path) as archive:
            for name in archive.ids:
                source = _source(path, name, archive.record(name), sheet)
                sources.add(source)
                copies += name != source
    return {"archives": shards, "archived_samples": len(sources), "copies": copies}


def _source(
    path: str | Path, name: str, record: Mapping[str, Any], sheet: Mapping[str, Sample]
) -> str:
    """Find the sample that a copy was made from; its role is the copy's role."""
    source = record.get("source")
    if not isinstance(source, str) or source not in sheet:
        raise _leak(
            f"{path}: {name!r} was made from {source!r}, which the sample sheet does not have",
            "the id of a sample as the record's source",
        )
    if name in sheet and name != source:
        raise _leak(
            f"{path}: {name!r} is a sample of its own (group {sheet[name].group!r}) but says "
            f"that it was made from {source!r} (group {sheet[source].group!r})",
            "copies named after their source: SOURCE--POSE",
        )
    if name != source and not name.startswith(f"{source}--"):
        raise _leak(
            f"{path}: the copy {name!r} says that it was made from {source!r}",
            "copies named after their source: SOURCE--POSE",
        )
    return source
