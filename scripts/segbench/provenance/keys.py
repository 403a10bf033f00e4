"""The key of a job's work: a digest of all that it depends on.

Usable before a job is queued, or to find out whether its work is in the store already.
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

#: Wildcards that say which data a job works on. Names of recipes are left out: their content is
#: in the parameters, and two names of one recipe mean the same work.
IDENTITY = ("dataset", "shard", "protocol", "seed", "fold", "study")


@dataclass(frozen=True)
class Job:
    """A job as its script sees it.

    Attributes
    ----------
    inputs, outputs : dict of str to list of Path
        Files by their names in the rule.
    params : dict
        The rule's parameters.
    wildcards : dict of str to str
        The rule's wildcards.
    threads : int
        Threads granted.
    state : Path or None
        Folder that is kept until the job succeeds; None if its work is not stored.
    terminal : file or None
        Terminal of the user; all other output of the process goes to the job's log.
    devices : int
        GPUs that the job requested.
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


#: Returns digests by input name, where a job uses only part of a file.
Selection = Callable[[Job], dict[str, str]]


def digest_input(path: Path, like: str | None = None) -> str:
    """Digest of an input's content; of an archive, of its list of digests.

    Parameters
    ----------
    path : Path
        The file.
    like : str, optional
        A name that tells the kind of file where `path` does not: objects of the store have no
        suffix.
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
        Returns digests by input name where a job uses only part of a file, e.g. the samples of
        one fold; they replace the digest of the file.
    digest : callable, optional
        Returns the digest of an input, where it is known without reading the file.
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
    """How the work of a rule is stored.

    Attributes
    ----------
    stored : bool
        Whether it is stored.
    selection : callable or None
        See `work_key`.
    """

    stored: bool
    selection: Selection | None


def cache_policy_of(script: Path) -> CachePolicy:
    """The cache policy of a rule, read from its script.

    Parameters
    ----------
    script : Path
        Calls `segbench.provenance.job.run`, whose argument ``stored`` is read; a function
        `selection` in it is the selection.
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
