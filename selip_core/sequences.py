"""The sequences of a head-MRI examination: what each is called, and how it looks. A new one is a new entry here.

Reports, cohorts and the embedded cohort all go by this table. A new sequence needs its entry, its words in
``reports/lexicons``, the names that exports give it in ``datasets/sequence_words`` and, where the embedded cohort shall
have it, a scan in ``datasets/synthetic/signal``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sequence:
    """A sequence.

    Parameters
    ----------
    name : str
        As tables, sentences and figures call it.
    oedema : str
        The signal of oedema on it, as reports tell it; empty where oedema does not show.
    anatomy : bool
        Whether sulci, ventricles and midline are judged on it.
    measured : bool
        Whether its voxels are values, raised or reduced, rather than brighter or darker than others.
    contrast : bool
        Whether a contrast medium was given.
    indicated : bool
        Whether it is acquired only where something is suspected, so that it would tell by being there: classification
        does not look at it.
    """

    name: str
    oedema: str = ""
    anatomy: bool = False
    measured: bool = False
    contrast: bool = False
    indicated: bool = False


_ALL = (
    Sequence("T1", oedema="低信号", anatomy=True),
    Sequence("T2", oedema="高信号", anatomy=True),
    Sequence("FLAIR", oedema="高信号", anatomy=True),
    Sequence("DWI"),
    Sequence("ADC", measured=True),
    Sequence("T1ce", oedema="低信号", contrast=True, indicated=True),
)

TABLE: dict[str, Sequence] = {sequence.name: sequence for sequence in _ALL}
"""Every sequence by its name."""

SEQUENCES: tuple[str, ...] = tuple(TABLE)
"""The five sequences of the paper, and the contrast-enhanced T1 of tumour protocols."""
