"""How many processors this process may use."""

import os


def processors() -> int:
    """Return the processors that the scheduler lets this process use, which a container or a cluster job may limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
