"""The key of a job's work: a digest of all that it depends on.

Usable without a job that runs: before it is queued, or to say whether its work is in the
store already.
"""

from __future__ import annotations

import ast
import logging
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from segbench.files import sha256_of_file
from segbench.provenance.store import key_of

#: Wildcards that say which data a job works on. The names of recipes are left out: their
#: content is in the parameters, and two names for one recipe are one piece of work.
IDENTITY = ("dataset", "shard", "protocol", "seed", "fold", "study")


@dataclass(frozen=True)
class Job:
    """What a script needs to know of its job.

    Attributes
    ----------
    inputs, outputs : dict of str to list of Path
        Files by the names they have in the rule.
    params : dict
        The rule's parameters.
    wildcards : dict of str to str
        The rule's wildcards.
    threads : int
        Threads granted.
    state : Path or None
        Folder that outlives the job until it succeeds; None where nothing is stored.
    terminal : file or None
        Where people look; all other output of the process goes to the job's log.
    devices : int
        GPUs that the job asked for.
    """

    inputs: dict[str, list[Path]]
    outputs: dict[str, Path]
    params: dict[str, Any]
    wildcards: dict[str, str]
    threads: int
    state: Path | None = None
    terminal: TextIO | None = None
    devices: int = 0

    def input(self, name: str) -> Path:
        """The one file of an input name."""
        (path,) = self.inputs[name]
        return path

    def say(self, line: str) -> None:
        """Write a line to the job's log."""
        logging.getLogger("segbench").info(line)


#: Gives digests by input name, where a job uses only part of a file.
Selection = Callable[[Job], dict[str, str]]


def digest_input(path: Path, like: str | None = None) -> str:
    """Digest of an input's content; for an archive, of its own list of digests.

    Parameters
    ----------
    path : Path
        The file.
    like : str, optional
        The name that says what kind of file it is, where `path` itself does not: an
        object of the store has no ending.
    """
    if (like or path.name).endswith(".zarr.zip"):
        from segbench.archives import archive_digest

        return archive_digest(path)
    return sha256_of_file(path)


def work_key(
    rule: str,
    job: Job,
    selection: Selection | None = None,
    digest: Callable[[Path], str] = digest_input,
) -> str:
    """The key of a job's work in the store.

    Parameters
    ----------
    rule : str
        Name of the rule.
    job : Job
        The job; its parameters hold the digest of the code.
    selection : callable, optional
        Gives digests by input name where a job uses only part of a file, e.g. the
        samples of one fold; these stand for the digest of the whole file.
    digest : callable, optional
        Gives the digest of an input, where it is known without reading the file.
    """
    chosen = selection(job) if selection else {}
    inputs = {
        name: chosen.get(name) or [digest(path) for path in paths]
        for name, paths in job.inputs.items()
    }
    identity = {name: job.wildcards[name] for name in IDENTITY if name in job.wildcards}
    return key_of({"rule": rule, "params": job.params, "inputs": inputs, "of": identity})


@dataclass(frozen=True)
class CachePolicy:
    """How a rule's work is kept in the store.

    Attributes
    ----------
    stored : bool
        Whether it is.
    selection : callable or None
        See `work_key`.
    """

    stored: bool
    selection: Selection | None


def keeping_of(script: Path) -> CachePolicy:
    """How the work of a rule's script is kept, without running it.

    Parameters
    ----------
    script : Path
        It hands its work to `segbench.provenance.job.run`, and says there whether the work
        is ``stored``; a function `selection` of its own is the selection.
    """
    tree = ast.parse(script.read_text("utf-8"), str(script))
    stored = not any(
        isinstance(node, ast.keyword)
        and node.arg == "stored"
        and isinstance(node.value, ast.Constant)
        and node.value.value is False
        for node in ast.walk(tree)
    )
    return CachePolicy(stored, runpy.run_path(str(script)).get("selection"))
