"""A real Slurm of two nodes on this one machine, in a folder of its own.

Needs root and Debian's packages (slurmctld, slurmd, slurm-client, munge), no systemd, no
database. Everything lies in one folder; only links to the configuration lie in /etc/slurm,
since the executor's inner `srun` looks nowhere else. On a machine that has a Slurm of its own
none is started. Two `slurmd` on one host act as two nodes; device files
that lead nowhere act as GPUs, so that scheduling by GPU is real and computing is on the CPU.

    python tests/slurm/cluster.py            starts one, prints how to use it, waits for Ctrl-C
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("slurmctld", "slurmd", "squeue", "sbatch", "munged")
#: The one place where all of Slurm's programs look.
PLACE = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
NODES = ("node1", "node2")
GPUS_A_NODE = 2

CONFIGURATION = """
ClusterName=segbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthInfo=socket={folder}/munge/socket
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
MpiDefault=none
ReturnToService=1
SlurmctldTimeout=30
SlurmdTimeout=10
InactiveLimit=0
KillWait=2
OverTimeLimit=0
MinJobAge=7200
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=100000
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
{memory}
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
GresTypes=gpu
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=7-00:00:00 State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=gpu Nodes=ALL MaxTime=2-00:00:00 State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=scavenge Nodes=ALL MaxTime=2-00:00:00 State=UP PriorityTier=1 PreemptMode=REQUEUE
"""

#: With the kernel's memory groups Slurm kills and says OUT_OF_MEMORY; else it polls.
MEMORY_BY_GROUPS = "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup"
MEMORY_BY_POLLING = (
    "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherParams=OverMemoryKill"
)
GROUPS = Path("/sys/fs/cgroup")


def missing() -> list[str]:
    """Programs that are not installed."""
    places = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=places) is None]


def why_not() -> str | None:
    """Install what is missing; why no cluster can be had here, or None."""
    if os.geteuid() != 0:
        return "starting Slurm's daemons needs root"
    if any((PLACE / name).exists() and not (PLACE / name).is_symlink() for name in FILES):
        return f"this machine has a Slurm of its own, configured in {PLACE}"
    if missing() and shutil.which("apt-get") is None:
        return f"{', '.join(missing())}: not installed, and there is no apt-get"
    if missing():
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run(
                ["apt-get", "-qq", *command],
                env=quiet,
                capture_output=True,
                text=True,
                check=False,
            )
        if missing():
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"{', '.join(missing())}: could not be installed ({said})"
    return None


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for: {what}")
        time.sleep(0.1)


class Cluster:
    """A cluster; `start` it, and `stop` it whatever happens.

    Parameters
    ----------
    folder : Path
        A short path: names of sockets are limited to some 100 characters.
    cpus, memory_mb : int
        Of each node; more than there are may be claimed.
    """

    def __init__(self, folder: Path, cpus: int = 16, memory_mb: int = 32_000) -> None:
        self.folder = folder
        self.cpus, self.memory_mb = cpus, memory_mb
        os.environ["PATH"] = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        self.by_groups = os.access(GROUPS / "memory", os.W_OK) and os.access(
            GROUPS / "freezer", os.W_OK
        )

    def start(self) -> Cluster:
        """Configure, start all daemons, wait until both nodes are idle."""
        self._configure()
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_idle()
        return self

    def stop(self) -> None:
        """End all jobs and daemons, remove the folder."""
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            self.slurm("scancel", "-u", "root")
            wait_for(lambda: not self.jobs(), 20, "the queue to empty")
        for name in (*(f"slurmd-{node}" for node in NODES), "slurmctld", "munge/munged"):
            self._end(name, signal.SIGTERM)
        for name in FILES:
            (PLACE / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def slurm(self, *command: str) -> str:
        """Run one of Slurm's commands; what it says."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def jobs(self, states: str = "") -> dict[str, tuple[str, str]]:
        """Jobs in the queue: id -> (state, comment), of all states or of some."""
        chosen = ["-t", states] if states else []
        text = self.slurm("squeue", "-h", *chosen, "-o", "%A|%T|%k")
        rows = [line.split("|") for line in text.splitlines()]
        return {row[0]: (row[1], row[2]) for row in rows}

    def states(self) -> dict[str, str]:
        """Node -> state."""
        rows = (
            line.split()
            for line in self.slurm("sinfo", "-hN", "-p", "cpu", "-o", "%N %T").splitlines()
        )
        return {row[0]: row[1] for row in rows}

    def wait_idle(self) -> None:
        """Wait until all nodes take jobs."""
        usable = {"idle", "mixed", "allocated"}
        wait_for(lambda: set(self.states().values()) <= usable, 60, "both nodes")

    def node_of(self, job: str) -> str:
        """The node that a job runs on."""
        return self.slurm("squeue", "-h", "-j", job, "-o", "%N").strip()

    def set_node(self, node: str, state: str) -> None:
        """As an administrator does: DOWN, DRAIN, RESUME."""
        self.slurm("scontrol", "update", f"NodeName={node}", f"State={state}", "Reason=test")

    def release_requeued(self) -> None:
        """Let requeued jobs begin at once; Slurm holds them back for two minutes, or for good."""
        for line in self.slurm("squeue", "-h", "-t", "PD", "-o", "%A|%r").splitlines():
            job, reason = line.split("|")
            if reason == "BeginTime":
                self.slurm("scontrol", "update", f"JobId={job}", "StartTime=now")
            if "held" in reason:
                self.slurm("scontrol", "release", job)

    def steps(self, job: str) -> list[int]:
        """The daemons that watch over a job's processes."""
        found = subprocess.run(
            ["pgrep", "-f", rf"slurmstepd: \[{job}\."], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in found.stdout.split()]

    def kill_node(self, node: str) -> None:
        """The node's daemon and all its jobs die at once, as when the power fails."""
        self._end(f"slurmd-{node}", signal.SIGKILL)
        for job in self.jobs("R,CG"):
            if self.node_of(job) == node:
                for pid in self.steps(job):
                    _kill_tree(pid)

    def start_node(self, node: str) -> None:
        """Start a node's daemon."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self.slurm("slurmd", "-N", node)

    def start_controller(self) -> None:
        """Start the controller."""
        self.slurm("slurmctld")
        wait_for(self._answers, 20, "the controller")

    def stop_controller(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the controller, or kill it."""
        self._end("slurmctld", how)

    def revive(self) -> None:
        """Start the controller again if it has died, as a machine's init does."""
        if not (self.folder / "slurmctld.pid").exists() or not self._answers():
            self.start_controller()

    def _answers(self) -> bool:
        done = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, check=False)
        return " is UP" in done.stdout

    def _end(self, name: str, how: signal.Signals) -> None:
        path = self.folder / f"{name}.pid"
        with contextlib.suppress(OSError, ValueError):
            pid = int(path.read_text())
            os.kill(pid, how)
            wait_for(lambda: not Path(f"/proc/{pid}").exists(), 20, f"the end of {name}")
            path.unlink(missing_ok=True)

    def _start_munge(self) -> None:
        """A munge of our own: who talks to whom is signed with it."""
        folder = self.folder / "munge"
        folder.mkdir()
        shutil.chown(folder, "munge", "munge")
        folder.chmod(0o755)
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        shutil.chown(key, "munge", "munge")
        key.chmod(0o400)
        names = {"key-file": "key", "socket": "socket", "pid-file": "munged.pid"}
        names |= {"log-file": "log", "seed-file": "seed"}
        options = [f"--{option}={folder / name}" for option, name in names.items()]
        self.slurm(
            "setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "munged", *options
        )

    def _configure(self) -> None:
        (self.folder / "state").mkdir(parents=True)
        self.folder.chmod(0o755)
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} "
            f"CPUs={self.cpus} RealMemory={self.memory_mb} Gres=gpu:a100:{GPUS_A_NODE} "
            f"State=UNKNOWN"
            for node in NODES
        )
        text = CONFIGURATION.format(
            host=host,
            folder=self.folder,
            controller_port=free_port(),
            nodes=nodes,
            memory=MEMORY_BY_GROUPS if self.by_groups else MEMORY_BY_POLLING,
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(self._devices())
        (self.folder / "cgroup.conf").write_text(
            f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={GROUPS}\nConstrainRAMSpace=yes\n"
            if self.by_groups
            else "ConstrainRAMSpace=no\n"
        )
        PLACE.mkdir(exist_ok=True)
        for name in FILES:
            (PLACE / name).unlink(missing_ok=True)
            (PLACE / name).symlink_to(self.folder / name)

    def _devices(self) -> str:
        """What acts as GPUs: device files that lead nowhere; where that is forbidden, a number."""
        try:
            for number in range(GPUS_A_NODE):
                os.mknod(self.folder / f"gpu{number}", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        except OSError:
            return f"AutoDetect=off\nName=gpu Type=a100 Count={GPUS_A_NODE}\n"
        return f"AutoDetect=off\nName=gpu Type=a100 File={self.folder}/gpu[0-{GPUS_A_NODE - 1}]\n"


def _kill_tree(pid: int) -> None:
    """SIGKILL a process and all below it."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def main() -> None:
    """Start a cluster for a person to play with."""
    if reason := why_not():
        raise SystemExit(f"no cluster: {reason}")
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="slurm-", dir="/var/tmp")))
    try:
        cluster.start()
        print("A Slurm of two nodes is up: sinfo, squeue, sbatch. Ctrl-C ends it.", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
