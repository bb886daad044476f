"""What a kernel sees of the runner's environment, warm or stock."""

from __future__ import annotations

import os
import re

# Threads that libraries start at import would forbid the fork. Arrow's own allocator takes 32 MB for the first
# kilobyte, and the C library keeps what a large picture has freed.
LEAN = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**20),
}

# Everything else stays out: credentials, addresses and tokens cannot reach an output that never had them.
_SEEN = re.compile(r"(PATH|HOME|TMPDIR|VIRTUAL_ENV|LD_LIBRARY_PATH|(PYTHON|JUPYTER|IPYTHON|MPL|XDG_|OPENBLAS|COV).*)")
# The same figures and pictures wherever the runner stands.
_FIXED = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", **LEAN}


def environment_of_kernels() -> dict[str, str]:
    """All of a kernel's environment."""
    return {name: value for name, value in os.environ.items() if _SEEN.fullmatch(name)} | _FIXED
