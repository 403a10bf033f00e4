"""Records of finished jobs: what each was made from.

::

    FOLDER/RULE/OUTPUT.json     rule, wildcards, parameters, digests of the inputs, key, cost;
                                OUTPUT is the path of the first output by name
    FOLDER/lists/DIGEST.tsv     copies of the inventories among the inputs

One file per job, renamed into place, so that jobs on many nodes write without waiting. They serve
`segbench.explain` alone: without them results are the same, but reruns are explained less well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segbench.artefacts.inventory import is_inventory
from segbench.files import write_text
from segbench.provenance.keys import digest_input

#: Folder of the records, in the folder of outputs.
RECORDS = Path(".segbench/records")


class FileStat(NamedTuple):
    """A file as a job read it: digest, size and modification time."""

    digest: str
    bytes: int
    mtime_ns: int


class Digests(dict[str, FileStat]):
    """Digests of files, each read once; callable like `segbench.provenance.keys.digest_input`."""

    def __call__(self, path: Path) -> str:
        """The digest of a file's content."""
        name = str(path)
        if name not in self:
            status = path.stat()
            self[name] = FileStat(digest_input(path), status.st_size, status.st_mtime_ns)
        return self[name].digest

    def all_of(self, inputs: Mapping[str, Iterable[Path]]) -> Digests:
        """Digest all inputs of a job."""
        for paths in inputs.values():
            for path in paths:
                self(path)
        return self


def record_path(folder: Path, rule: str, outputs: Iterable[str | Path]) -> Path:
    """Path of the record of a job.

    Parameters
    ----------
    folder : Path
        Of all records.
    rule : str
        The rule.
    outputs : iterable of path
        All outputs of the job, in any order.

    Examples
    --------
    >>> record_path(Path("r"), "split", ["results/ccp/folds.tsv"]).as_posix()
    'r/split/results/ccp/folds.tsv.json'
    """
    first = Path(min(str(output) for output in outputs))
    return folder / rule / f"{first.relative_to(first.anchor)}.json"


def write_record(
    folder: Path,
    rule: str,
    wildcards: Mapping[str, str],
    params: Mapping[str, Any],
    inputs: Digests,
    outputs: Iterable[str | Path],
    *,
    key: str | None,
    cost: Mapping[str, Any],
) -> Path:
    """Write the record of a finished job.

    Parameters
    ----------
    folder : Path
        Of all records.
    rule, wildcards, params
        Of the job.
    inputs : Digests
        Its inputs before its work began.
    outputs : iterable of path
        Its outputs.
    key : str or None
        Key of its work in the store; None if not stored.
    cost : mapping
        Its cost; of a restored job, the cost when it was computed.
    """
    for name, seen in inputs.items():
        copy = folder / "lists" / f"{seen.digest}.tsv"
        if name.endswith(".tsv") and is_inventory(name) and not copy.exists():
            write_text(copy, Path(name).read_text("utf-8"))
    path = record_path(folder, rule, outputs)
    record = {
        "rule": rule,
        "wildcards": dict(wildcards),
        "params": dict(params),
        "inputs": dict(inputs),
        "outputs": sorted(str(output) for output in outputs),
        "key": key,
        "cost": dict(cost),
    }
    write_text(path, json.dumps(record, sort_keys=True, default=str) + "\n")
    return path


def read_record(path: Path) -> dict[str, Any] | None:
    """A record; None if it is missing or damaged."""
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        record["inputs"] = {name: FileStat(*seen) for name, seen in record["inputs"].items()}
        whole = all(isinstance(record[name], dict) for name in ("params", "wildcards", "cost"))
        return record if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def records_of(folder: Path, rule: str) -> Iterator[dict[str, Any]]:
    """All records of a rule's jobs, by path."""
    for path in sorted((folder / rule).rglob("*.json")):
        record = read_record(path)
        if record is not None:
            yield record


def read_list(folder: Path, digest: str) -> str | None:
    """The copy of an inventory; None if there is none."""
    try:
        copy = folder / "lists" / f"{digest}.tsv"
        return copy.read_text("utf-8") if is_inventory(copy) else None
    except OSError:
        return None
