"""Which number format, from literal hardware."""

from __future__ import annotations

import pytest

from segbench.models.precision import choose_policy, cpu_flags


@pytest.mark.parametrize(
    ("precision", "capability", "flags", "policy"),
    [
        ("auto", (9, 0), [], "mixed_bfloat16"),  # H200
        ("auto", (8, 0), [], "mixed_bfloat16"),  # A100, the first of its kind
        ("auto", (7, 5), [], "mixed_float16"),  # T4
        ("auto", (7, 0), [], "mixed_float16"),  # V100
        ("auto", (6, 1), ["avx512_bf16"], "float32"),  # GTX 1080: the CPU does not matter
        ("auto", None, ["avx512_bf16", "avx2"], "mixed_bfloat16"),
        ("auto", None, ["amx_bf16"], "mixed_bfloat16"),
        ("auto", None, ["bf16"], "mixed_bfloat16"),  # Arm
        ("auto", None, ["avx2", "avx512f"], "float32"),
        ("auto", None, [], "float32"),
        ("float32", (9, 0), [], "float32"),
        ("bfloat16", None, [], "mixed_bfloat16"),
        ("float16", None, [], "mixed_float16"),
    ],
)
def test_policy(precision, capability, flags, policy):
    assert choose_policy(precision, capability, flags) == policy


def test_flags_are_read(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\n\nprocessor\t: 1\n")
    assert cpu_flags(file) == {"fpu", "avx2", "avx512_bf16"}
    file.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert cpu_flags(file) == {"fp", "asimd", "bf16"}


def test_no_cpuinfo_is_no_flags(tmp_path):
    assert cpu_flags(tmp_path / "absent") == frozenset()
    (tmp_path / "empty").write_text("")
    assert cpu_flags(tmp_path / "empty") == frozenset()
