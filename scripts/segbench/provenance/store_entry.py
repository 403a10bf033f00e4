"""An entry of the store: the outputs of a key. Nothing in its file is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from segbench.files import sha256_of_bytes
from segbench.provenance.store_files import DamagedError

#: A digest becomes part of a path, so nothing else is accepted in its place.
_DIGEST = re.compile(r"[0-9a-f]{64}")


def canonical(data: Any) -> str:
    """JSON with sorted keys: equal values give equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)


def is_digest(text: object) -> bool:
    """Whether a value is 64 hexadecimal digits.

    Examples
    --------
    >>> is_digest("0" * 64), is_digest("../../etc/passwd"), is_digest(3)
    (True, False, False)
    """
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def entry_text(key: str, outputs: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """The text of an entry, with a digest of itself.

    Parameters
    ----------
    key : str
        The work's key.
    outputs : mapping
        Output name -> ``{"sha256": digest, "bytes": count}``.
    record : mapping
        Further JSON-able data of the work.
    """
    # Through JSON and back, as a reader will see it.
    entry = json.loads(canonical({"key": key, "outputs": outputs, "record": record}))
    entry["digest"] = sha256_of_bytes(canonical(entry).encode())
    return json.dumps(entry, sort_keys=True, indent=1) + "\n"


def parse_entry(key: str, data: bytes) -> dict[str, Any]:
    """Read an entry.

    Parameters
    ----------
    key : str
        The key that it must have.
    data : bytes
        The content of its file.

    Returns
    -------
    dict
        ``key``, ``outputs``, ``record``.

    Raises
    ------
    DamagedError
        It is not a valid entry of this key.
    """
    try:
        entry = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedError("is not JSON") from error
    if not isinstance(entry, dict):
        raise DamagedError("is not an entry")
    # Old entries have no digest.
    digest = entry.pop("digest", None)
    if digest is not None and digest != sha256_of_bytes(canonical(entry).encode()):
        raise DamagedError("does not match its digest")
    if entry.get("key") != key:
        raise DamagedError("has another key")
    _check_outputs(entry.get("outputs"))
    record = entry.get("record")
    if not isinstance(record, dict) or not isinstance(record.get("cost", {}), dict):
        raise DamagedError("has a damaged record")
    return entry


def _check_outputs(outputs: object) -> None:
    if not isinstance(outputs, dict) or not outputs:
        raise DamagedError("lists no outputs")
    for name, kept in outputs.items():
        if not isinstance(kept, dict) or not is_digest(kept.get("sha256")):
            raise DamagedError(f"has no digest for {name}")
        size = kept.get("bytes")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise DamagedError(f"has no size for {name}")
