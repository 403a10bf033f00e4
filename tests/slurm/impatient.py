"""Snakemake that asks Slurm every other second; for the tests alone.

The executor adds ten seconds to its pause whenever nothing has finished, up to three
minutes, and has no option for less. On a cluster that is polite, here it is most of the
time a test takes.
"""

import sys

from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

PAUSE_S = 2.0

patient = RemoteExecutor.next_seconds_between_status_checks
RemoteExecutor.next_seconds_between_status_checks = property(
    lambda self: min(PAUSE_S, patient.fget(self)), patient.fset
)

if __name__ == "__main__":
    from snakemake.cli import main

    sys.argv[0] = "snakemake"
    main()
