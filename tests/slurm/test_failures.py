"""Whatever happens to a training on a cluster, the tables are those of a calm day.

One study with a training a seed goes to a real Slurm. Each training is stopped in the
middle, and then meets its fate; the tests below look at what became of it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field

import pytest

from slurm import fates
from slurm.checkout import EPOCHS, RUN, SEEDS, TABLES, THREADS, Checkout
from workflow.project import epochs_in

pytestmark = pytest.mark.slurm

#: Slurm 22.05's controller often dies in its own code when a node with GPU jobs is lost, and is
#: unusable after that; so a node is lost only on request, e.g. with a newer Slurm.
LOST = fates.node_lost if os.environ.get("SEGBENCH_LOSE_A_NODE") else fates.left_alone

#: Seed -> what happens to its training.
FATES = dict(
    enumerate(
        (
            fates.killed,
            fates.out_of_time,
            fates.out_of_memory,
            fates.cancelled,
            fates.node_down,
            LOST,
            fates.displaced,
            fates.controller_restarted,
        )
    )
)
DISPLACED = next(seed for seed, fate in FATES.items() if fate is fates.displaced)
#: This one runs when Snakemake itself is killed.
ORPHAN = SEEDS[-1]
assert len(SEEDS) == len(FATES) + 1
LAST = {seed for seed, fate in FATES.items() if fate is fates.controller_restarted} | {ORPHAN}
LIMIT_S = 1500


@dataclass
class Day:
    """What happened on a day on which everything goes wrong."""

    checkout: Checkout
    reached: dict[int, int] = field(default_factory=dict)
    jobs: dict[int, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)


class Warden(threading.Thread):
    """Stops each training in the middle, so that it is there when its turn comes.

    Parameters
    ----------
    checkout : Checkout
        Where they run.
    seeds : iterable of int
        Which ones.
    """

    def __init__(self, checkout, seeds):
        super().__init__(daemon=True)
        self.checkout = checkout
        self.wanted = set(seeds)
        self.stopped = {}
        self.start()

    def run(self):
        """Look again and again, until all have been let go."""
        while self.wanted:
            for seed in sorted(self.wanted):
                pid = self.stopped.get(seed)
                if pid is None or fates.gone(pid):
                    self.stopped[seed] = self.checkout.freeze(seed)
            time.sleep(0.02)

    def take(self):
        """A training that is stopped, and its process; None if there is none.

        One after the other, but the last two when nothing else is left: a controller that
        has been restarted has forgotten who holds which GPU, and dies of the next lost node.
        """
        early = self.wanted - LAST
        for seed in sorted(early or self.wanted):
            pid = self.stopped.get(seed)
            if pid is not None and not fates.gone(pid):
                self.wanted.discard(seed)
                return seed, pid
        return None


def strike(day, cluster, seed, pid):
    """Let a stopped training meet its fate."""
    day.reached[seed] = epochs_in(day.checkout.log(seed))[-1]
    day.jobs[seed] = day.checkout.job(cluster, seed)
    assert day.jobs[seed] is not None
    if seed in FATES:
        FATES[seed](cluster, day.jobs[seed], pid)


def look(day, cluster):
    """Remember how jobs ended; Slurm forgets it."""
    cluster.revive()
    cluster.release_requeued()
    day.states |= {job: row[0] for job, row in cluster.jobs("all").items()}
    time.sleep(0.2)


@pytest.fixture(scope="module")
def day(calm, cluster, tmp_path_factory):
    """The day on which everything goes wrong."""
    folder = tmp_path_factory.mktemp("wild")
    day = Day(calm.without("train", folder / "checkout"))
    low = f"train:slurm_partition='scavenge' if wildcards.seed == '{DISPLACED}' else 'gpu'"
    command = ("tables/tiny.csv", "--set-resources", low, "train:cpus_per_task=4", *THREADS)
    command += ("--retries", "4")  # some are hit twice: with the node of another
    deadline = time.monotonic() + LIMIT_S

    run = day.checkout.submit(*command)
    warden = Warden(day.checkout, SEEDS)
    while warden.wanted:
        assert time.monotonic() < deadline, day.checkout.said()[-4000:]
        assert run.poll() is None, day.checkout.said()[-4000:]
        if taken := warden.take():
            strike(day, cluster, *taken)
        look(day, cluster)

    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    again = day.checkout.submit(*command)
    while again.poll() is None:
        assert time.monotonic() < deadline, day.checkout.said()[-4000:]
        look(day, cluster)
    assert again.returncode == 0, day.checkout.said()[-6000:]
    return day


def test_the_tables_are_those_of_an_undisturbed_run(day, calm):
    for name in TABLES:
        assert day.checkout.path(name).read_bytes() == calm.path(name).read_bytes(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_every_network_and_score_is_the_same_to_the_byte(day, calm, seed):
    for name in ("model.keras", "history.csv", "scores.parquet"):
        path = f"{RUN.format(seed=seed)}/{name}"
        assert day.checkout.path(path).read_bytes() == calm.path(path).read_bytes(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_a_training_goes_on_where_it_stood(day, seed):
    epochs = epochs_in(day.checkout.log(seed))
    assert epochs == list(range(epochs[0], EPOCHS + 1))
    if FATES.get(seed) in (fates.controller_restarted, fates.left_alone):
        assert epochs[0] <= day.reached[seed], "it was not even interrupted"
    else:
        assert epochs[0] >= day.reached[seed], "finished epochs were trained again"
        assert epochs[0] > 1


@pytest.mark.parametrize(
    ("fate", "states"),
    [
        (fates.killed, {"FAILED"}),
        (fates.out_of_time, {"TIMEOUT"}),
        (fates.out_of_memory, {"OUT_OF_MEMORY", "FAILED"}),
        (fates.cancelled, {"CANCELLED"}),
        (fates.node_down, {"COMPLETED", "NODE_FAIL", "CANCELLED"}),
        (fates.node_lost, {"COMPLETED", "NODE_FAIL", "CANCELLED"}),
        (fates.displaced, {"COMPLETED", "PREEMPTED", "CANCELLED"}),
        (fates.controller_restarted, {"COMPLETED"}),
    ],
)
def test_slurm_saw_it_happen(day, cluster, fate, states):
    if fate not in FATES.values():
        pytest.skip("no node is lost unless SEGBENCH_LOSE_A_NODE is set: it may take Slurm along")
    seed = next(seed for seed, chosen in FATES.items() if chosen is fate)
    job = day.jobs[seed]
    assert day.states[job] in states
    if fate is fates.out_of_memory:
        if not cluster.by_groups:
            pytest.skip("no memory groups of the first kind here: it was killed, not starved")
        (log,) = day.checkout.path(".snakemake/slurm_logs/rule_train").glob(f"*/{job}.log")
        assert "oom-kill event" in log.read_text()


def test_jobs_of_the_killed_run_are_cancelled_before_their_work_is_begun_again(day):
    said = day.checkout.said()
    assert "Slurm jobs of a killed run" in said
    assert day.jobs[ORPHAN] in said.split("Slurm jobs of a killed run", 1)[1].splitlines()[0]
    assert day.states[day.jobs[ORPHAN]] == "CANCELLED"


def test_what_the_store_had_did_not_queue_for_a_gpu(day, cluster):
    partitions = cluster.slurm("squeue", "-h", "-t", "all", "-o", "%k|%P|%b").splitlines()
    predictions = [line.split("|") for line in partitions if line.startswith("rule_predict")]
    assert len(predictions) >= len(SEEDS)
    assert {row[1] for row in predictions} == {"cpu"}
    trainings = [line.split("|") for line in partitions if line.startswith("rule_train")]
    assert {row[1] for row in trainings} == {"gpu", "scavenge"}


def test_a_thousand_scores_are_not_a_thousand_submissions(day):
    logs = day.checkout.path(".snakemake/slurm_logs")
    groups = {"rule_train", "rule_predict", "group_scoring_score_segment"}
    assert {path.name for path in logs.iterdir()} == groups
    submitted = list(logs.glob("group_scoring_score_segment/**/*.log"))
    assert 1 <= len(submitted) <= 2, f"{2 * len(SEEDS)} jobs, by two runs"
