"""Which devices and number formats a training uses here."""

from __future__ import annotations

import logging

import pytest

from segbench.errors import SegbenchError

keras = pytest.importorskip("keras")

from segbench.models import session  # noqa: E402 - needs Keras


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(session, "find_gpu", lambda: ("A GPU", (7, 5)))
    monkeypatch.setattr(session, "_devices", lambda kind: (f"{kind}:0", f"{kind}:1"))


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(session, "find_gpu", lambda: None)
    monkeypatch.setattr(session, "_devices", lambda kind: (f"{kind}:0",))


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(("asked", "chosen"), [(0, ()), (1, ()), (2, ("GPU:0", "GPU:1"))])
def test_gpus_that_exist(asked, chosen):
    assert session.choose_devices(asked) == chosen


@pytest.mark.usefixtures("two_gpus")
def test_more_gpus_than_exist():
    with pytest.raises(SegbenchError, match="gpu: 3, but only 2 can be used here"):
        session.choose_devices(3)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(("asked", "words"), [(1, "1 GPU,"), (2, "2 GPUs,")])
def test_without_a_gpu_the_cpu_trains_and_the_log_says_so(caplog, asked, words):
    with caplog.at_level(logging.WARNING):
        assert session.choose_devices(asked) == ()
    (line,) = caplog.messages
    assert line.startswith(f"asked for {words}")
    assert line.endswith("sees none: training on the CPU")


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("precision", "policy"),
    [("auto", "mixed_float16"), ("float32", "float32"), ("bfloat16", "mixed_bfloat16")],
)
def test_the_policy_of_a_gpu(precision, policy):
    assert session.policy_here(precision) == policy


@pytest.mark.usefixtures("no_gpu")
def test_what_is_prepared(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    here = session.prepare("float32", True, seed=1)
    assert here == session.Session("float32", "CPU, 3 threads", ())
    first = keras.random.uniform((2,), seed=keras.random.SeedGenerator())
    session.prepare("float32", True, seed=1)
    again = keras.random.uniform((2,), seed=keras.random.SeedGenerator())
    assert first.numpy().tolist() == again.numpy().tolist()
