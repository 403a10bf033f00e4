"""Why a job must run: what differs from what it was last made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segbench.arms import Arm
from segbench.explain.differences import (
    ABSENT,
    FileChange,
    differences,
    list_changes,
    shown,
)
from segbench.explain.plan import Planned
from segbench.provenance.code import FILE
from segbench.provenance.record import FileStat
from segbench.stages import STAGES

#: Parameters that are digests of code, one or several.
_CODE = ("code", "codes")

#: Wildcards whose new value explains a job that never ran, the first to be named first.
_NEW_FIRST = (*Arm._fields, "study")

_SENTENCES = {
    "parameter": "parameter {what}{of_it}: {change}",
    "package": "package {what} {change}",
    "code": "code {what}",
    "data file": "data file {what}",
    "raw file": "raw file {what} changed ({change}{there})",
    "input": "input {what} changed ({change})",
    "inputs": "set of inputs: {what} {new}",
    "sample": "sample {what} {new} ({of})",
    "output": "output missing: {what}",
    "new": "never made before{named}",
}


class Cause(NamedTuple):
    """One thing that differs; equal causes of many jobs are one.

    Attributes
    ----------
    kind : str
        parameter, code, data file, package, raw file, sample, input, output, new, unrecorded,
        other.
    what : str
        The parameter, symbol, package or file.
    of : str
        The recipe, sample or list that it belongs to; may be empty.
    old, new : str
        Values, versions or digests; may be empty.
    """

    kind: str
    what: str
    of: str = ""
    old: str = ""
    new: str = ""

    def sentence(self) -> str:
        """The cause as a sentence.

        Examples
        --------
        >>> Cause("parameter", "loss", "model unet", '"dice"', '"focal"').sentence()
        'parameter loss of model unet: "dice" -> "focal"'
        """
        values = {
            **self._asdict(),
            "change": f"{self.old} -> {self.new}" if self.old or self.new else "",
            "of_it": f" of {self.of}" if self.of else "",
            "there": f", {self.of}" if self.of else "",
            "named": f": {self.what}" if self.what else "",
        }
        return _SENTENCES.get(self.kind, "{what}").format(**values)


class Causes:
    """Finds why jobs must run.

    Parameters
    ----------
    record : callable
        Returns the record of a planned job, or None.
    parts : callable
        Returns the parts behind a digest of code, or None.
    digest : callable
        Returns the digest of an existing file; takes its path and its stat in a record.
    old_list : callable
        Returns the text of a list of files by its digest, or None.
    is_new : callable
        Whether a rule has never run with this value of a wildcard.
    place : callable
        Returns the path of a raw file from the path of its list and its path in that list.
    """

    def __init__(
        self,
        record: Callable[[Planned], dict[str, Any] | None],
        parts: Callable[[str], dict[str, str] | None],
        digest: Callable[[str, FileStat | None], str],
        old_list: Callable[[str], str | None],
        is_new: Callable[[str, str, str], bool],
        place: Callable[[str, str], str],
    ) -> None:
        self._record = record
        self._parts = parts
        self._digest = digest
        self._old_list = old_list
        self._is_new = is_new
        self._place = place

    def of(self, job: Planned) -> list[Cause]:
        """The job's own causes; empty if it only follows other jobs."""
        record = self._record(job)
        if record is None:
            return [self._unrecorded(job)]
        found = [
            *self._params(job, record["params"]),
            *self._inputs(job, record["inputs"]),
            *_missing(job.missing),
        ]
        if found or job.makers:
            return sorted(set(found))
        return [Cause("other", job.reason or "Snakemake gives no reason")]

    def _unrecorded(self, job: Planned) -> Cause:
        if not job.missing:
            return Cause("unrecorded", f"no record of the last run; Snakemake says: {job.reason}")
        for name in _NEW_FIRST:
            if name in job.wildcards and self._is_new(job.rule, name, job.wildcards[name]):
                return Cause("new", f"{name} {job.wildcards[name]}")
        return Cause("new", "")

    def _params(self, job: Planned, old: Mapping[str, Any]) -> Iterator[Cause]:
        for path, before, after in differences(dict(old), job.params):
            if path[0] in _CODE:
                yield from self._code(path, before, after)
                continue
            stage = STAGES.get(job.rule)
            source = stage.params.get(path[0], "") if stage else ""
            wildcard, *prefix = source.split(".")
            owner = job.wildcards.get(wildcard, "")
            keys = (*prefix, *path[1:]) if owner else path
            of = f"{wildcard} {owner}" if owner else ""
            yield Cause("parameter", ".".join(keys) or path[0], of, shown(before), shown(after))

    def _code(self, path: tuple[str, ...], before: Any, after: Any) -> Iterator[Cause]:
        old, new = (
            self._parts(digest) if isinstance(digest, str) else None for digest in (before, after)
        )
        if old is None or new is None:
            rule = f" of {path[1]}" if len(path) > 1 else ""
            yield Cause("code", f"{rule} changed; its earlier version is not recorded".strip())
            return
        yield from code_causes(old, new)

    def _inputs(self, job: Planned, old: Mapping[str, FileStat]) -> Iterator[Cause]:
        now = {path for paths in job.inputs.values() for path in paths}
        for paths, word in ((now - set(old), "added"), (set(old) - now, "removed")):
            if len(paths) > 3:
                yield Cause("inputs", f"{len(paths)} files like {min(paths)}", new=word)
            else:
                yield from (Cause("inputs", path, new=word) for path in sorted(paths))
        for path in sorted(now & set(old)):
            if path in job.makers or not Path(path).exists():
                continue
            digest = self._digest(path, old[path])
            if digest != old[path].digest:
                yield from self._changed_input(path, old[path].digest, digest)

    def _changed_input(self, path: str, old: str, new: str) -> Iterator[Cause]:
        before = self._old_list(old)
        if before is None:
            yield Cause("input", path, old=short(old), new=short(new))
        else:
            after = Path(path).read_text("utf-8")
            changes = list_changes(before, after)
            yield from list_causes(changes, path, lambda file: self._place(path, file))


def _missing(paths: Collection[str]) -> Iterator[Cause]:
    """One cause for all missing outputs of a job."""
    if paths:
        more = f" and {len(paths) - 1} more of the same job" if len(paths) > 1 else ""
        yield Cause("output", f"{min(paths)}{more}")


def short(digest: str) -> str:
    """The beginning of a digest."""
    return digest if len(digest) <= 12 else f"{digest[:8]}.."


def code_causes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Cause]:
    """Differences between the parts behind two digests of code.

    A symbol that stands in another module now is no cause, nor is it one for those that use it.

    Parameters
    ----------
    old, new : mapping
        From `segbench.provenance.code.code_parts`.
    """
    moved = moved_symbols(old, new)
    before = {
        moved.get(name, name): " ".join(moved.get(word, word) for word in value.split(" "))
        for name, value in old.items()
    }
    for name in sorted({*before, *new}):
        was, now = before.get(name), new.get(name)
        if was == now:
            continue
        if ":" not in name:
            yield Cause("package", name, "", version(was), version(now))
            continue
        word = "changed" if was and now else "no longer used" if was else "newly used"
        if name.startswith(FILE):
            yield Cause("data file", f"{name.removeprefix(FILE)} {word}")
        else:
            yield Cause("code", f"{name.rpartition('#')[0].rstrip(':') or name} {word}")


def moved_symbols(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Symbols that are the same under another name: old name -> new name.

    Examples
    --------
    >>> moved_symbols({"lib.a:f": "00ff", "lib.a:g": "11ee lib.a:f"}, {"lib.b:f": "00ff"})
    {'lib.a:f': 'lib.b:f'}
    """
    fresh: dict[str, list[str]] = {}
    for name in sorted(new.keys() - old.keys(), reverse=True):
        fresh.setdefault(new[name].partition(" ")[0], []).append(name)
    moved = {}
    for name in sorted(old.keys() - new.keys()):
        same = fresh.get(old[name].partition(" ")[0])
        if same and ":" in name:
            moved[name] = same.pop()
    return moved


def version(text: str | None) -> str:
    """The version in the digest of a package.

    Examples
    --------
    >>> version("numpy==2.4.6"), version("a==1,b==2"), version(None)
    ('2.4.6', 'a==1,b==2', '(absent)')
    """
    if text is None:
        return ABSENT
    return text.partition("==")[2] if text.count("==") == 1 else text


def list_causes(
    changes: list[FileChange], path: str, place: Callable[[str], str] = str
) -> Iterator[Cause]:
    """Causes from changed rows of a list of files.

    Parameters
    ----------
    changes : list of FileChange
        From `list_changes`.
    path : str
        The list.
    place : callable, optional
        Returns the path of a file from its path in the list.
    """
    kinds: dict[str, set[str]] = {}
    for change in changes:
        kind = "removed" if change.new is None else "added" if change.old is None else "changed"
        kinds.setdefault(change.sample, set()).add(kind)
    for sample, seen in sorted(kinds.items()):
        if seen in ({"added"}, {"removed"}):
            yield Cause("sample", sample, path, new=min(seen))
    for change in changes:
        if kinds[change.sample] not in ({"added"}, {"removed"}):
            old, new = (short(d) if d else ABSENT for d in (change.old, change.new))
            yield Cause("raw file", place(change.path), path, old, new)
