"""The registry of formats.

To add one, write a module with its reader and name it here; see docs/how-to/add-a-dataset.md.
Apart from the readers, so that no job's code holds the reader of another format.
"""

from __future__ import annotations

from segbench.datasets import (
    ccp,
    dsb2018,
    folder,
    kidney_mitochondria,
    kidney_nuclei,
    msd,
    organ_crypts,
    organ_tissue,
    uw_madison,
)
from segbench.datasets.base import Reader

#: Name of each format, which is that of its module -> its reader.
FORMATS: dict[str, type[Reader]] = {
    module.__name__.rpartition(".")[2]: module.READER
    for module in (
        ccp,
        dsb2018,
        folder,
        kidney_mitochondria,
        kidney_nuclei,
        msd,
        organ_crypts,
        organ_tissue,
        uw_madison,
    )
}
