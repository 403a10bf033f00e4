"""The leak check: judges folds.tsv without the code that made it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from segbench.archives import Archive
from segbench.artefacts.folds import ROLES, read_folds
from segbench.artefacts.samples import Sample, read_samples
from segbench.errors import SegbenchError
from segbench.files import write_text

#: Roles of the samples of one fold.
Roles = Mapping[str, str]


def check_leaks(
    folds: str | Path, samples: str | Path, archives: Iterable[str | Path], output: str | Path
) -> None:
    """Fail if a sample that tests or chooses the epoch could have been trained on.

    Parameters
    ----------
    folds, samples : path
        `folds.tsv` and `samples.tsv`; the latter alone defines groups and equal images.
    archives : iterable of path
        The shards that training reads, preprocessed or amplified.
    output : path
        JSON: ``verdict`` (always "clean": nothing is written on a leak), ``scheme``,
        ``checked`` (counts), ``roles`` (samples per fold and role) and ``left_out`` (samples
        without a role in any fold).

    Raises
    ------
    SegbenchError
        A group or an image has two roles in a fold; a sample is tested in some folds but not
        in others (or, by cross-validation, not exactly once); a copy has no source or
        another's name; or the two sheets disagree.
    """
    sheet = {row.sample: row for row in read_samples(samples)}
    roles = _read_roles(folds, sheet)
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
        "do not use these folds: delete folds.tsv and run again; if it happens again, report it",
    )


def _read_roles(path: str | Path, sheet: Mapping[str, Sample]) -> dict[int, dict[str, str]]:
    """Roles by fold and sample; groups must agree with the sample sheet."""
    roles: dict[int, dict[str, str]] = defaultdict(dict)
    for row in read_folds(path):
        known = sheet.get(row.sample)
        if known is None or known.group != row.group:
            there = "unknown" if known is None else f"in group {known.group!r}"
            raise _leak(
                f"{path}: sample {row.sample!r} of group {row.group!r}, which is {there} in the "
                "sample sheet",
                "the samples and groups of the sheet",
            )
        roles[row.fold][row.sample] = row.role
    return dict(roles)


def _check_complete(path: str | Path, fold: int, roles: Roles) -> None:
    """Check that a fold trains and tests on something."""
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
    """Check that samples of one group, or with one image, have the same role."""
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
    """Check that the test set is fixed, or tests each sample exactly once."""
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
                f"{path}: sample {name!r} (group {sheet[name].group!r}) is tested "
                f"{times[name]} times, in folds {where}",
                "each sample tested on exactly once, or one test set in all folds",
            )
    return "cross-validation"


def _check_archives(archives: Iterable[str | Path], sheet: Mapping[str, Sample]) -> dict[str, int]:
    """Check that copies have a source and are named after it; count them."""
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
    """The sample that an archived sample was made from; it has the role of its source."""
    source = record.get("source")
    if not isinstance(source, str) or source not in sheet:
        raise _leak(
            f"{path}: {name!r} was made from {source!r}, which the sample sheet does not have",
            "the id of a sample as the record's source",
        )
    if name != source and (name in sheet or not name.startswith(f"{source}--")):
        own = f", which is a sample of group {sheet[name].group!r}," if name in sheet else ""
        raise _leak(
            f"{path}: the record of {name!r}{own} names {source!r} (group "
            f"{sheet[source].group!r}) as its source",
            "copies named after their source: SOURCE--POSE",
        )
    return source
