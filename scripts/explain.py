"""Explain a rerun: what changed, which jobs follow, and what they will cost.

    python scripts/explain.py [--json] [targets and options of snakemake]

Nothing is run, locked, restored or removed. Beside Snakemake's documented interface this uses
how it builds the DAG (`Workflow._prepare_dag`, `Workflow._build_dag`) and how its command line
becomes settings; tests/workflow/test_explain.py would notice a change.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

# This folder is searched last: a script in it has the name of a package that others need.
sys.path.append(str(Path(__file__).parent))
sys.path.remove(sys.path[-1])

from segbench.explain import explain
from segbench.explain.differences import plain
from segbench.explain.plan import Arms, Planned, studies_of
from segbench.explain.summary import Explanation
from segbench.explain.text import text_of
from segbench.provenance.keys import cache_policy_of
from segbench.provenance.record import RECORDS
from segbench.store_location import store_location
from segbench.workflow.paths import APPLIED_IMAGES, MANIFEST, RAW

#: Where Snakemake keeps its own notes.
NOTES = Path(".snakemake")


def main(arguments: list[str]) -> int:
    """Explain; returns the exit status."""
    from snakemake import api, cli

    found: list[Explanation] = []
    # Snakemake's messages go to the terminal, not into what may be a file.
    with contextlib.redirect_stdout(sys.stderr):
        parser, args = cli.parse_args([word for word in arguments if word != "--json"])
        args.dryrun, args.nolock, args.executor = True, True, "local"
        # Snakemake's summary, which it prints instead of running the DAG, is replaced by ours:
        # so all settings are as Snakemake makes them.
        args.summary = True
        api.DAGApi.summary = lambda dag_api, detailed=False: found.append(_look(dag_api))
        if not cli.args_to_api(args, parser) or not found:
            return 1
    if "--json" in arguments:
        print(json.dumps(found[0].as_dict(), indent=1))
    else:
        print(text_of(found[0]), end="")
    return 0


def _look(dag_api: Any) -> Explanation:
    """Build the DAG as a dry run does, and explain the jobs that must run."""
    workflow = dag_api.workflow_api._workflow
    before = _folders(NOTES)
    workflow._prepare_dag(
        forceall=workflow.dag_settings.forceall,
        ignore_incomplete=False,
        lock_warn_only=True,
        nolock=True,
    )
    workflow.persistence.drop_iocache = lambda: None
    workflow._build_dag()
    for folder in [*(_folders(NOTES) - before), NOTES]:
        with contextlib.suppress(OSError):  # not empty: it is of use, or a run has begun
            os.rmdir(folder)
    scripts = Path(workflow.basedir) / "scripts"
    return explain(
        _planned(workflow),
        RECORDS,
        Path(workflow.globals["CODE_MEMORY"]),
        store_location(),
        cache(lambda rule: cache_policy_of(scripts / f"{rule}.py")),
        _raw_file,
    )


def _planned(workflow: Any) -> list[Planned]:
    """The jobs that must run, as plain data."""
    dag, config = workflow.dag, workflow.globals["CONFIG"]
    numbers = {job: number for number, job in enumerate(dag.jobs)}
    serves = studies_of(
        {number: _words(job) for job, number in numbers.items()},
        {number: [numbers[f] for f in dag.depending[job]] for job, number in numbers.items()},
        {
            name: Arms(tuple(config.arms(name)), study.ensemble)
            for name, study in config.studies.items()
        },
    )
    running = {job for job in dag.needrun_jobs() if not job.rule.norun}
    planned = []
    for job in running:
        outputs = [str(output) for output in job.output]
        makers = {
            str(path): numbers[maker]
            for maker, paths in dag.dependencies[job].items()
            if maker in running
            for path in paths
        }
        planned.append(
            Planned(
                numbers[job],
                job.rule.name,
                _words(job),
                plain(dict(job.params.items())),
                _named(job.input),
                {name: paths[0] for name, paths in _named(job.output).items()},
                makers,
                tuple(path for path in outputs if not os.path.exists(path)),
                str(dag.reason(job)),
                serves[numbers[job]],
                _number(job.resources.get("expected_s")),
                job.threads,
                _number(job.resources.get("gpu")) or 0,
            )
        )
    return planned


def _number(resource: Any) -> int | None:
    """A resource; None where the rule has none, or where it is not known yet."""
    return resource if isinstance(resource, int) else None


def _raw_file(listed_in: str, file: str) -> str:
    """The path of a raw file that an inventory lists; of other lists, as it is listed."""
    dataset = Path(listed_in).parent.name
    of_dataset = Path(listed_in).parent == Path(MANIFEST.format(dataset=dataset, shard=0)).parent
    if not of_dataset or dataset == Path(APPLIED_IMAGES).parent.name:
        return file
    return f"{RAW.format(dataset=dataset)}/{file}"


def _words(job: Any) -> dict[str, str]:
    return {name: str(value) for name, value in job.wildcards_dict.items()}


def _named(files: Any) -> dict[str, list[str]]:
    return {
        name: [str(value)] if isinstance(value, str) else [str(path) for path in value]
        for name, value in files.items()
    }


def _folders(place: Path) -> set[str]:
    """Folders that Snakemake makes for itself even for a dry run; they are not nested."""
    return {str(path) for path in place.glob("*") if path.is_dir()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
