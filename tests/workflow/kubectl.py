"""A kubectl for tests: keeps Jobs in a folder and runs their commands on this machine.

It stands for a cluster as far as profiles/kubernetes uses one: create, get, delete, logs.
What is refused here is refused there: a name twice, a GPU without a limit.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

CLUSTER = Path(os.environ["FAKE_CLUSTER"])


def fail(words):
    print(f"Error from server {words}", file=sys.stderr)
    return 1


def create():
    job = json.load(sys.stdin)
    name = job["metadata"]["name"]
    container = job["spec"]["template"]["spec"]["containers"][0]
    resources = container["resources"]
    if not re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
        return fail("(Invalid): metadata.name")
    if (CLUSTER / f"{name}.json").exists():
        return fail("(AlreadyExists)")
    for key, value in resources["requests"].items():
        if "/" in key and resources["limits"].get(key) != value:
            return fail("(Invalid): Limit must be set for non overcommitable resources")
    (CLUSTER / f"{name}.json").write_text(json.dumps(job))
    (CLUSTER / "submitted").mkdir(exist_ok=True)
    (CLUSTER / "submitted" / f"{name}.json").write_text(json.dumps(job))
    with open(CLUSTER / f"{name}.log", "w") as log:
        run = 'sh -c "$1"; echo $? > "$2.part"; mv "$2.part" "$2"'
        subprocess.Popen(
            ["sh", "-c", run, "pod", container["command"][-1], str(CLUSTER / f"{name}.rc")],
            cwd=container["workingDir"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return 0


def get(name):
    if not (CLUSTER / f"{name}.json").exists():
        return fail(f'(NotFound): jobs.batch "{name}" not found')
    code = CLUSTER / f"{name}.rc"
    conditions = []
    if code.exists():
        kind = "Failed" if int(code.read_text()) else "Complete"
        conditions = [{"type": kind, "status": "True"}]
    print(json.dumps({"status": {"conditions": conditions}}))
    return 0


def delete(names):
    for name in names:
        for ending in ("json", "rc", "log"):
            (CLUSTER / f"{name}.{ending}").unlink(missing_ok=True)
    return 0


def main(words):
    assert words[0] == "--namespace"
    command = words[2]
    names = [word for word in words[3:] if not word.startswith("-")]
    if command == "create":
        return create()
    if command == "get":
        return get(names[1])
    if command == "delete":
        return delete(names[1:])
    assert command == "logs"
    print((CLUSTER / f"{names[0].removeprefix('job/')}.log").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
