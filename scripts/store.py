"""Maintain the store of finished work: verify, prune, disk usage.

python scripts/store.py verify [--keep]
python scripts/store.py prune [--older-than 90d] [--max-size 500G] [--dry-run]
python scripts/store.py du [--json]
"""

from pathlib import Path

from segbench.maintenance.command import main

if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parents[1]))
