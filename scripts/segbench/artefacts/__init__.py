"""Files that pass between stages: each format has one module that writes, reads and checks it."""
