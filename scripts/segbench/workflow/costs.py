"""The costs that the report sums up: one file of every heavy job."""

from __future__ import annotations

from collections.abc import Mapping

from segbench.config.loader import Config
from segbench.stages import STAGES
from segbench.workflow.arms import Arms

#: Rules whose jobs write what they cost.
COSTED = tuple(stage.name for stage in STAGES.values() if stage.cost)


def cost_files(config: Config, arms: Arms, patterns: Mapping[str, str]) -> list[str]:
    """The costs of all jobs of all studies, each once, sorted.

    Parameters
    ----------
    config : Config
        Names the studies.
    arms : Arms
        Their arms.
    patterns : mapping of str to str
        Rule of `COSTED` -> path of the cost of one of its jobs.
    """
    jobs = [arms.jobs(study) for study in config.studies]
    return sorted(
        {
            pattern.format(**names)
            for rule, pattern in patterns.items()
            for of_study in jobs
            for names in of_study[STAGES[rule].per]
        }
    )
