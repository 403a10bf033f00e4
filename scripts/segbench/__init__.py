"""segbench: from the publisher's raw files to benchmark tables that can be trusted.

The library behind the workflow. It never imports Snakemake and knows no result
paths: every function takes the files it reads and writes as arguments.
"""

__version__ = "0.1.0"
