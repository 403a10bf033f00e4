"""What the rules need from a configuration: paths, input files, parameters, resources.

The Snakefile hands over the checked configuration, and the rules the wildcards of a job. A
plan has thousands of jobs, so what many of them share is looked up once. Nothing here imports
Snakemake, nor anything that a plan does not need: importing it is part of every plan.
"""
