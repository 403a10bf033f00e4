"""The typed configuration: what may be asked of segbench, and reading it from YAML."""
