"""Snakemake's jobs as Jobs of Kubernetes, by kubectl: submit one, ask for it, cancel some.

A job runs in the image of job.yaml, which the head uses too, on a volume that all share at
one path; so it finds checkout, outputs, store and the state of its training where the head
has them. Decision 014 tells why this is not done by Snakemake's own Kubernetes executor.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("job.yaml")

#: Lines of a failed pod's output that are shown where Snakemake runs.
LINES = 40


def properties_of(script: str) -> dict[str, Any]:
    """What Snakemake says of a job in its job script."""
    found = re.search(r"^# properties = (.*)$", script, re.MULTILINE)
    if found is None:
        raise SystemExit("the job script has no line '# properties =': is it Snakemake's?")
    properties: dict[str, Any] = json.loads(found[1])
    return properties


def name_of(folder: Path, properties: dict[str, Any]) -> str:
    """The name of a Job: that of the files it makes, so that no two make the same ones."""
    made = "\n".join([str(folder), *sorted(properties.get("output", []))])
    kind = str(properties.get("rule") or properties.get("groupid") or "job")
    label = re.sub("[^a-z0-9]+", "-", kind.lower()).strip("-")[:30]
    return f"segbench-{label}-{hashlib.sha256(made.encode()).hexdigest()[:16]}"


def requests_of(properties: dict[str, Any], gpu: str) -> dict[str, str]:
    """CPUs, memory, disk and GPUs of a job as Kubernetes counts them."""
    resources = properties.get("resources", {})
    cpus = max(int(properties.get("threads", 1)), int(resources.get("cpus_per_task", 1)))
    asked = {"cpu": str(cpus), "memory": f"{int(resources.get('mem_mb', 1000))}M"}
    if resources.get("disk_mb"):
        asked["ephemeral-storage"] = f"{int(resources['disk_mb'])}M"
    if int(resources.get("gpu", 0)):
        asked[gpu] = str(int(resources["gpu"]))
    return asked


def manifest(script: str, folder: Path, template: Path = TEMPLATE) -> dict[str, Any]:
    """The Job of a job script.

    Parameters
    ----------
    script : str
        What Snakemake wants to have run.
    folder : Path
        The working folder of the run, on the shared volume.
    template : Path
        The site's job.yaml: the Job, and what it has besides when it needs GPUs.

    Returns
    -------
    dict
        A Job of ``batch/v1``. Memory and GPUs are limits, too: Kubernetes refuses a GPU
        without one, and memory without one takes other pods down with it.
    """
    job, accelerated = copy.deepcopy(list(yaml.safe_load_all(template.read_text("utf-8"))))
    properties = properties_of(script)
    asked = requests_of(properties, accelerated["resource"])
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    container |= {"command": ["/bin/sh", "-c", script], "workingDir": str(folder)}
    limits = {name: value for name, value in asked.items() if name != "cpu"}
    container["resources"] = {"requests": asked, "limits": limits}
    if accelerated["resource"] in asked:
        pod |= accelerated.get("spec") or {}
    job["metadata"]["name"] = name_of(folder, properties)
    minutes = int(properties.get("resources", {}).get("runtime", 0))
    if minutes:
        job["spec"]["activeDeadlineSeconds"] = 60 * minutes
    made: dict[str, Any] = job
    return made


def kubectl(*arguments: str, send: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run kubectl in the namespace of job.yaml."""
    job = next(yaml.safe_load_all(TEMPLATE.read_text("utf-8")))
    space = job["metadata"].get("namespace", "default")
    return subprocess.run(
        ["kubectl", "--namespace", space, *arguments],
        input=send,
        capture_output=True,
        text=True,
        check=False,
    )


def submit(path: str) -> int:
    """Submit a job script; print the name of its Job."""
    job = manifest(Path(path).read_text("utf-8"), Path.cwd())
    name = job["metadata"]["name"]
    # One of that name was left by a run that is no more, or has failed: it goes first.
    gone = kubectl("delete", "job", name, "--ignore-not-found", "--cascade=foreground")
    made = gone if gone.returncode else kubectl("create", "-f", "-", send=json.dumps(job))
    if made.returncode:
        print(f"kubectl could not submit {name}:\n{made.stderr}", file=sys.stderr)
        return 1
    print(name)
    return 0


def state_of(answer: subprocess.CompletedProcess[str]) -> str:
    """The status of a Job for Snakemake: success, failed or running."""
    if answer.returncode:
        # The Job was deleted. Other errors, e.g. of a busy server, do not show its status.
        return "failed" if "NotFound" in answer.stderr else "running"
    conditions = json.loads(answer.stdout).get("status", {}).get("conditions") or []
    true = {each["type"] for each in conditions if each["status"] == "True"}
    return "success" if "Complete" in true else "failed" if "Failed" in true else "running"


def status(name: str) -> int:
    """Print the state of a Job; of a failed one, the end of what its pod said."""
    answer = kubectl("get", "job", name, "-o", "json")
    state = state_of(answer)
    if state == "failed":
        why = kubectl("logs", f"job/{name}", f"--tail={LINES}")
        print(f"{name} failed:\n{why.stdout or why.stderr}", file=sys.stderr)
    elif answer.returncode:
        print(answer.stderr, file=sys.stderr)
    print(state)
    return 0


def cancel(*names: str) -> int:
    """Delete Jobs and their pods; does not wait, for Snakemake does not."""
    return kubectl("delete", "job", *names, "--ignore-not-found", "--wait=false").returncode


def main(arguments: list[str]) -> int:
    """Run one of the three commands that Snakemake calls."""
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    commands = {"submit": submit, "status": status, "cancel": cancel}
    return commands[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
