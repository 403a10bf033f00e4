"""Failures of a training on a cluster; each hits a training that waits at some epoch."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from slurm.cluster import GROUPS, Cluster, wait_for

#: Fills memory inside a job's group until the kernel kills the training; spared itself.
BALLOON = """
import os, sys, time
pid, group = int(sys.argv[1]), sys.argv[2]
open(f"/proc/{pid}/oom_score_adj", "w").write("1000")
open("/proc/self/oom_score_adj", "w").write("-1000")
open(f"{group}/cgroup.procs", "w").write(str(os.getpid()))
held = []
while open(f"/proc/{pid}/stat").read().rsplit(")")[1].split()[0] not in "ZX":
    held.append(bytearray(os.urandom(1 << 16) * 128))
"""


def gone(pid: int) -> bool:
    """Whether a process is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def ended(cluster: Cluster, job: str) -> None:
    """Wait until Slurm has seen the end of a job."""
    wait_for(lambda: job not in cluster.jobs("R,CG"), 60, f"the end of job {job}")


def killed(cluster: Cluster, job: str, pid: int) -> None:
    """The process dies at once, of whatever cause."""
    os.kill(pid, signal.SIGKILL)
    ended(cluster, job)


def out_of_time(cluster: Cluster, job: str, pid: int) -> None:
    """The time limit is reached; Slurm counts in minutes."""
    cluster.slurm("scontrol", "update", f"JobId={job}", "TimeLimit=1")
    wait_for(lambda: gone(pid), 200, "the end of a job at its time limit")
    ended(cluster, job)


def out_of_memory(cluster: Cluster, job: str, pid: int) -> None:
    """The job's group fills up, and the kernel kills the training.

    Where the kernel has no such groups (or those of another kind), it is just killed.
    """
    if not cluster.by_groups:
        killed(cluster, job, pid)
        return
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    path = next(line.split(":")[2] for line in lines if line.split(":")[1] == "memory")
    group = f"{GROUPS}/memory{path}"
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", BALLOON, str(pid), group], check=False, timeout=60)
    wait_for(lambda: gone(pid), 10, "the kernel to kill the training")
    ended(cluster, job)


def cancelled(cluster: Cluster, job: str, _pid: int) -> None:
    """Somebody takes the job out of the queue."""
    cluster.slurm("scancel", job)
    ended(cluster, job)


def node_down(cluster: Cluster, job: str, pid: int) -> None:
    """An administrator takes the node away; Slurm kills its jobs and queues them again."""
    node = cluster.node_of(job)
    cluster.set_node(node, "DOWN")
    wait_for(lambda: gone(pid), 60, "the end of a job on a node that is down")
    wait_for(lambda: not cluster.steps(job), 60, "the node to clean up")
    cluster.set_node(node, "RESUME")


def node_lost(cluster: Cluster, job: str, pid: int) -> None:
    """The node's power fails; later it is back."""
    node = cluster.node_of(job)
    cluster.kill_node(node)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: cluster.states()[node].startswith("down"), 90, "the controller to notice")
    cluster.start_node(node)
    cluster.wait_idle()


def left_alone(_cluster: Cluster, _job: str, pid: int) -> None:
    """Nothing happens to it."""
    os.kill(pid, signal.SIGCONT)


def displaced(cluster: Cluster, job: str, pid: int) -> None:
    """A job of higher rank needs one more CPU than the node has left."""
    node = cluster.node_of(job)
    rows = cluster.slurm("squeue", "-h", "-t", "R", "-o", "%N|%C").splitlines()
    used = sum(int(row.split("|")[1]) for row in rows if row.split("|")[0] == node)
    size = ["-N", "1", "-n", "1", "-c", str(cluster.cpus - used + 1), "--mem=100", "-t", "1"]
    cluster.slurm("sbatch", "-p", "gpu", "-w", node, *size, "-o", "/dev/null", "--wrap", "true")
    wait_for(lambda: gone(pid), 120, "the job of higher rank to displace the training")


def controller_restarted(cluster: Cluster, job: str, pid: int) -> None:
    """The controller is restarted while the training goes on."""
    cluster.stop_controller()
    time.sleep(1)
    cluster.start_controller()
    os.kill(pid, signal.SIGCONT)
    ended(cluster, job)
