"""Checks of Snakemake's command line before planning."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import yaml

from segbench.config.loader import NAME_PATTERN, Config
from segbench.errors import SegbenchError, all_of
from segbench.workflow.paths import TABLE, TABLE_FORMATS

#: The table of a study.
_TABLE = re.compile(
    TABLE.replace(".", r"\.").format(
        study=f"(?P<study>{NAME_PATTERN})", format=f"(?:{'|'.join(TABLE_FORMATS)})"
    )
)

#: Options of Snakemake that take configuration files, as many as follow.
_CONFIGFILES = ("--configfile", "--configfiles")


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with the message of a `SegbenchError`, as Snakemake adds its stack to it."""
    try:
        yield
    except SegbenchError as error:
        sys.exit(str(error))


def could_be_targets(arguments: Iterable[str], known: Collection[str]) -> bool:
    """Whether a command line may name a target that is not known.

    Reading the command line as Snakemake does takes a while, and nearly all need not be.

    Parameters
    ----------
    arguments : iterable of str
        Of Snakemake.
    known : collection of str
        Names of rules and studies.

    Examples
    --------
    >>> could_be_targets(["-n", "--cores", "4", "all"], {"all"})
    False
    >>> could_be_targets(["-n", "isbi"], {"all"})
    True
    """
    names = (_name_in(word) for word in arguments)
    return any(name is not None and name not in known for name in names)


def _name_in(target: str) -> str | None:
    """The rule or study that a target names, by itself or as a table; None: neither."""
    table = _TABLE.fullmatch(target)
    if table is not None:
        return table["study"]
    return target if re.fullmatch(NAME_PATTERN, target) and not target.isdecimal() else None


def check_targets(
    targets: Iterable[str],
    config: Config,
    rules: Collection[str],
    files: Sequence[Path],
    folder: Path,
) -> None:
    """Check that each target is a rule, a study or the path of a file.

    Parameters
    ----------
    targets : iterable of str
        As given on the command line.
    config : Config
        Its `root` holds ``config/``.
    rules : collection of str
        Names of all rules; each study has one.
    files : sequence of Path
        The main configuration files of this run.
    folder : Path
        Where Snakemake was started: shown paths are relative to it.

    Raises
    ------
    SegbenchError
        Some targets are none of these. It says which configuration names a study of that name,
        else the nearest name.
    """
    wrong = []
    for target in targets:
        name = _name_in(target)
        # Folders are no targets; a configuration's folder of outputs often has a study's name.
        if name is not None and name not in rules and not Path(target).is_file():
            wrong.append(_wrong_target(target, name, config, rules, files, folder))
    if wrong:
        raise all_of(wrong)


def _wrong_target(
    target: str,
    name: str,
    config: Config,
    rules: Collection[str],
    files: Sequence[Path],
    folder: Path,
) -> SegbenchError:
    root = config.root
    studies = {path.stem for path in (root / "config/studies").glob("*.yaml")}
    used = ", ".join(_shown(file, folder) for file in files)
    if name not in studies:
        near = get_close_matches(name, sorted({*rules, *studies}), n=1, cutoff=0.65)
        return SegbenchError(
            f"{target}: there is no rule, study or file of this name",
            f"a study ({', '.join(config.studies)}), a rule (`snakemake --list`), or a path",
            f"did you mean `snakemake {near[0]}`?" if near else "use one of them",
        )
    homes = [_shown(path, folder) for path in configurations_with(name, root)]
    return SegbenchError(
        f"study {name} is not in {used}"
        + (f", but in {', '.join(homes)}" if homes else f", nor in any file of {root / 'config'}"),
        f"a study that the configuration names: {', '.join(config.studies)}",
        f"run `snakemake {target} --configfile {shlex.quote(homes[0])}`"
        if homes
        else f"add `{name}: {{}}` below `studies:` of {used}, or run "
        f"`snakemake {target} --config 'studies={{{name}: {{}}}}'`",
    )


def configurations_with(study: str, root: Path) -> list[Path]:
    """The files of ``config/`` that name a study below ``studies:``, sorted.

    Parameters
    ----------
    study : str
        Its name.
    root : Path
        The folder that holds ``config/``. Files that cannot be read are passed over.
    """
    found = []
    for path in sorted((root / "config").glob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        named = content.get("studies") if isinstance(content, dict) else None
        if isinstance(named, dict) and study in named:
            found.append(path)
    return found


def check_configfiles(arguments: Sequence[str]) -> None:
    """Check that what follows ``--configfile`` are files.

    Snakemake takes all words after this option for configuration files, up to the next
    option, and opens them before it reads the Snakefile.

    Parameters
    ----------
    arguments : sequence of str
        Of Snakemake.

    Raises
    ------
    SegbenchError
        One is not a file; a target that stands there is shown at its right place.
    """
    for start, word in enumerate(arguments):
        option, given, value = word.partition("=")
        if option not in _CONFIGFILES:
            continue
        behind = arguments[start + 1 :]
        stop = next((n for n, other in enumerate(behind) if other.startswith("-")), len(behind))
        files = [value] if given else list(behind[:stop])
        wrong = [name for name in files if not Path(name).is_file()]
        if wrong:
            _refuse_configfiles(files, wrong)


def _refuse_configfiles(files: Sequence[str], wrong: Sequence[str]) -> NoReturn:
    right = [name for name in files if name not in wrong]
    if right and not any(Path(name).suffix for name in wrong):
        targets, kept = shlex.join(wrong), shlex.join(right)
        raise SegbenchError(
            f"{', '.join(wrong)}: taken for a configuration file, because it stands behind "
            "--configfile",
            "targets before --configfile, which takes all names that follow it",
            f"run `snakemake {targets} --configfile {kept}`",
        )
    known = sorted(path.as_posix() for path in Path("config").glob("*.yaml"))
    near = get_close_matches(wrong[0], known, n=1)
    raise SegbenchError(
        f"{', '.join(wrong)}: there is no such configuration file",
        f"one of {', '.join(known)}" if known else "the path of a YAML file",
        f"did you mean {near[0]}?" if near else "give its path, relative to this folder",
    )


def _shown(path: Path, folder: Path) -> str:
    """A path as it can be typed in a folder."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
