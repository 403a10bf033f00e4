"""The calls that planning makes grow with the jobs, not with jobs times arms."""

from __future__ import annotations

import re

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

#: Counts how often arms are made, and prints the number at exit.
COUNTING = """
import atexit
import segbench.config.study as study
_made = []
class Arm(study.Arm):
    def __new__(cls, *parts):
        _made.append(1)
        return super().__new__(cls, *parts)
study.Arm = Arm
atexit.register(lambda: print(f"arms made: {len(_made)}", flush=True))
"""


def test_arms_are_made_once_to_be_checked_and_once_to_be_planned(tmp_path):
    seeds = 24
    project = Project(tmp_path / "checkout", tmp_path / "store").tiny()
    project.edit("config/config.yaml", "tiny: {}", f"tiny: {{seeds: {list(range(seeds))}}}")
    project.edit("rules/common.smk", "import gc\n", f"{COUNTING}\nimport gc\n")
    run = project.snakemake("-n", "--quiet", "rules", "--", "tiny")
    assert re.search(rf"^train +{seeds}$", run.output, re.M)
    assert f"arms made: {2 * seeds}" in run.output.splitlines()
