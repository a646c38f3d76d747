"""What an ingest is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What the user asks for; see ``--help``."""

    source: Path
    out: Path
    reports: Path | None = None
    columns: dict[str, str] | None = None
    pattern: str | None = None
    masks: str | None = None
    keep_ids: bool | None = None
    ignore_leading_zeros: bool = False
    key: Path | None = None
    data_source: str | None = None
    workers: int | None = None
    dask: str | None = None
