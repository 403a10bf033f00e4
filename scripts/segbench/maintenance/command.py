"""Command line to maintain a store: `python scripts/store.py verify|prune|du`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.errors import SegbenchError
from segbench.maintenance.contents import scan
from segbench.maintenance.pruning import STATE_S, Policy, Pruned, prune
from segbench.maintenance.units import bytes_of, seconds_of
from segbench.maintenance.verifying import Findings, verify
from segbench.os_errors import readable_bytes
from segbench.provenance.store import Store
from segbench.store_location import STORE_VARIABLE, store_location

if TYPE_CHECKING:
    from segbench.config.loader import Config

#: Seconds between lines of progress without a terminal.
_SECONDS_BETWEEN_LINES = 15.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="store.py", description="Maintain the store of finished work."
    )
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--store", help="the store; otherwise SEGBENCH_STORE, otherwise `store:` of the config"
    )
    where.add_argument(
        "--configfile", nargs="+", type=Path, help="main config files [config/config.yaml]"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checked = commands.add_parser(
        "verify", parents=[where], help="read everything again and drop damaged entries"
    )
    checked.add_argument("--keep", action="store_true", help="only report, drop nothing")
    pruned = commands.add_parser("prune", parents=[where], help="remove old or orphaned content")
    pruned.add_argument(
        "--older-than", metavar="AGE", help="entries unused for this long, e.g. 90d"
    )
    pruned.add_argument(
        "--max-size", metavar="SIZE", help="least recently used entries until this fits, e.g. 500G"
    )
    pruned.add_argument(
        "--states-older-than", metavar="AGE", help="states of unfinished training [14d]"
    )
    pruned.add_argument("--dry-run", action="store_true", help="only list what would be removed")
    used = commands.add_parser("du", parents=[where], help="disk usage by stage and study")
    used.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    root : Path
        The project, which holds `config/`.
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0; 1 if `verify` found damage; 2 on errors.
    """
    options = _parser().parse_args(arguments)
    try:
        store = Store(_place(options, root))
        if options.command == "verify":
            return _verify(store, options.keep)
        if options.command == "prune":
            return _prune(store, options)
        return _du(store, options, root)
    except SegbenchError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    except BrokenPipeError:
        return 0
    return 2


def _config(options: argparse.Namespace, root: Path) -> Config:
    """The checked configuration."""
    from segbench.config.loader import load
    from segbench.datasets.formats import FORMATS

    mains = list(options.configfile or [root / "config/config.yaml"])
    return load(mains, root=root, formats=FORMATS)


def _place(options: argparse.Namespace, root: Path) -> Path:
    """Path of the store."""
    if options.store:
        place = Path(options.store).expanduser()
    elif os.environ.get(STORE_VARIABLE):
        place = store_location(root=root)
    else:
        place = _config(options, root).store()
    if not place.is_dir():
        raise SegbenchError(
            f"{place}: no store found",
            "the folder of a store",
            "name it with --store, SEGBENCH_STORE or `store:` in the main config; "
            "the first run creates it",
        )
    return place


@contextmanager
def _progress() -> Iterator[Callable[[int, int], object]]:
    """A bar on a terminal; elsewhere a line now and then."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    last = time.monotonic()
    with tqdm(unit="B", unit_scale=True, desc="verify", leave=False, disable=not terminal) as bar:

        def update(done: int, total: int) -> None:
            nonlocal last
            if terminal:
                bar.total = total
                bar.update(done - bar.n)
            elif time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                line = f"{readable_bytes(done)} of {readable_bytes(total)}"
                print(line, file=sys.stderr, flush=True)

        yield update


def _verify(store: Store, keep: bool) -> int:
    with _progress() as report:
        found = verify(store, keep=keep, report=report)
    print(_findings(store, found, keep))
    return 1 if found.damaged else 0


def _findings(store: Store, found: Findings, keep: bool) -> str:
    lines = list(found.damaged)
    state = "all intact"
    if found.damaged:
        state = f"{len(found.damaged)} damaged, {'kept' if keep else 'dropped'}"
    lines.append(
        f"{store.root}: {found.entries} entries, {found.objects} objects, "
        f"{readable_bytes(found.size)} verified; {state}"
    )
    if found.orphans or found.leftovers:
        lines.append(
            f"orphaned: {found.orphans} objects ({readable_bytes(found.orphaned)}), "
            f"{found.leftovers} partial files; `prune` removes them"
        )
    return "\n".join(lines)


def _prune(store: Store, options: argparse.Namespace) -> int:
    policy = Policy(
        seconds_of(options.older_than) if options.older_than else None,
        bytes_of(options.max_size) if options.max_size else None,
        seconds_of(options.states_older_than) if options.states_older_than else STATE_S,
    )
    done = prune(store, policy, dry=options.dry_run, now=time.time())
    print(_report(done, options.dry_run))
    return 0


def _report(done: Pruned, dry: bool) -> str:
    lines = []
    for entry in done.entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        work = " ".join([entry.stage, *entry.wildcards.values()])
        lines.append(f"{used}  {entry.key[:12]}  {readable_bytes(entry.size):>8}  {work}")
    counts = (
        (len(done.entries), "entries"),
        (len(done.objects), "objects"),
        (len(done.states), "states of unfinished work"),
        (len(done.leftovers), "partial files"),
        (len(done.locks), "stale locks"),
    )
    went = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing"
    lines.append(f"{'would remove' if dry else 'removed'} {went}: {readable_bytes(done.size)}")
    if done.busy:
        lines.append(f"{done.busy} skipped: in use by jobs")
    return "\n".join(lines)


def _du(store: Store, options: argparse.Namespace, root: Path) -> int:
    from segbench.maintenance.usage import summary, summary_text

    try:
        config = _config(options, root)
        arms = {study: config.arms(study) for study in config.studies}
    except SegbenchError as error:
        print(f"Cannot tell studies apart, the config has errors:\n{error}", file=sys.stderr)
        arms = {}
    data = {"store": str(store.root), **summary(scan(store), arms)}
    if options.json:
        print(json.dumps(data, indent=1))
    else:
        print(f"{store.root}\n\n{summary_text(data)}")
    return 0
