"""Choice of the number format that the hardware computes in. No Keras here."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

#: CPU flags that mean instructions for products of bfloat16 numbers.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

#: First CUDA compute capabilities whose tensor cores take bfloat16 and float16.
BFLOAT16_CAPABILITY = (8, 0)
FLOAT16_CAPABILITY = (7, 0)


def cpu_flags(path: str | Path = "/proc/cpuinfo") -> frozenset[str]:
    """Feature flags of this machine's CPU; none where they cannot be read."""
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def choose_policy(
    precision: str, capability: tuple[int, int] | None, flags: Collection[str]
) -> str:
    """Choose the Keras dtype policy.

    Parameters
    ----------
    precision : str
        ``auto``, ``float32``, ``bfloat16`` or ``float16``, as in the recipe.
    capability : (int, int) or None
        CUDA compute capability of the GPU; None on a CPU.
    flags : collection of str
        The CPU's feature flags.

    Returns
    -------
    str
        ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.

    Examples
    --------
    >>> choose_policy("auto", (9, 0), []), choose_policy("auto", (7, 5), [])
    ('mixed_bfloat16', 'mixed_float16')
    >>> choose_policy("auto", None, ["avx512_bf16"]), choose_policy("auto", None, ["avx2"])
    ('mixed_bfloat16', 'float32')
    """
    if precision != "auto":
        return precision if precision == "float32" else f"mixed_{precision}"
    if capability is not None:
        if capability >= BFLOAT16_CAPABILITY:
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= FLOAT16_CAPABILITY else "float32"
    return "mixed_bfloat16" if BFLOAT16_FLAGS & set(flags) else "float32"
