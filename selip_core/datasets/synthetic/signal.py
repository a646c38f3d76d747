"""The signal of a tissue on each sequence: spin echo, inversion recovery, diffusion, contrast.

Pure functions of relaxation times (ms), proton density (relative to water) and ADC (10^-3 mm2/s); all broadcast.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from selip_core.sequences import SEQUENCES, TABLE

Values = np.ndarray | float
"""A tissue's number, or those of many tissues or voxels."""

_FILE = Path(__file__).with_name("tissues.yaml")

GADOLINIUM_R1 = 4.5
"""Longitudinal relaxivity of gadolinium in plasma at 3 T, per mmol/l and second: mid-range of 3.5-5.5 (Rohrer 2005)."""

B_VALUE = 1.0
"""Diffusion weighting in 10^3 s/mm2, so that ``B_VALUE * adc`` has no unit."""


@cache
def tissue_book() -> dict:
    """Return ``tissues.yaml``: ``tissues``, ``lesions`` (their layers) and ``sources``."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def spin_echo(t1_ms: Values, t2_ms: Values, pd: Values, *, tr_ms: float, te_ms: float) -> Values:
    """Return the spin-echo signal ``pd (1 - exp(-TR/T1)) exp(-TE/T2)``."""
    return pd * (1 - np.exp(-tr_ms / t1_ms)) * np.exp(-te_ms / t2_ms)


def inversion_recovery(
    t1_ms: Values, t2_ms: Values, pd: Values, *, tr_ms: float, te_ms: float, ti_ms: float
) -> Values:
    """Return the magnitude ``pd |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)``: FLAIR when TI nulls water."""
    return pd * np.abs(1 - 2 * np.exp(-ti_ms / t1_ms) + np.exp(-tr_ms / t1_ms)) * np.exp(-te_ms / t2_ms)


def null_inversion_time(t1_ms: float, tr_ms: float) -> float:
    """Return the TI (ms) at which a tissue gives no signal: ``T1 ln(2 / (1 + exp(-TR/T1)))``."""
    return float(t1_ms * np.log(2 / (1 + np.exp(-tr_ms / t1_ms))))


def diffusion_weighted(signal: Values, adc_um2_ms: Values, *, b_value: float = B_VALUE) -> Values:
    """Return ``signal * exp(-b ADC)``, with b in 10^3 s/mm2."""
    return signal * np.exp(-b_value * adc_um2_ms)


def apparent_diffusion(signal_without: Values, signal_with: Values, *, b_value: float = B_VALUE) -> Values:
    """Return the ADC (10^-3 mm2/s) from the images without and with diffusion weighting; never negative."""
    ratio = np.maximum(signal_without, 1e-6) / np.maximum(signal_with, 1e-6)
    return np.clip(np.log(ratio) / b_value, 0, None)


def enhanced_t1(t1_ms: Values, gadolinium_mmol: Values, *, relaxivity: float = GADOLINIUM_R1) -> Values:
    """Return T1 (ms) with contrast medium in the tissue: ``1/T1' = 1/T1 + r1 C``."""
    return 1000 / (1000 / t1_ms + relaxivity * gadolinium_mmol)


@dataclass(frozen=True)
class Scan:
    """How a sequence is acquired: its equation and timing; an inversion time is set to null water, as is usual."""

    equation: Callable
    tr_ms: float
    te_ms: float
    diffusion: bool = False


PROTOCOL = {
    "T1": Scan(spin_echo, 450, 10),
    "T2": Scan(spin_echo, 4500, 100),
    "FLAIR": Scan(inversion_recovery, 9000, 115),
    "DWI": Scan(spin_echo, 5000, 75, diffusion=True),
    "T1ce": Scan(spin_echo, 450, 10),
}
"""The scan of each sequence; ADC comes from the two images of DWI. Usual clinical values at 3 T."""

SCANNED = tuple(name for name in SEQUENCES if name in PROTOCOL or name == "ADC")
"""Sequences that the scanner can acquire, those after contrast medium among them."""


def signal_table(
    names: list[str], rng: np.random.Generator | None = None, *, jitter: float = 0.03
) -> dict[str, np.ndarray]:
    """Return the signal of each tissue on each image that is acquired.

    Parameters
    ----------
    names : list of str
        Keys of ``tissues`` in ``tissues.yaml``.
    rng : numpy.random.Generator, optional
        Where given, relaxation times and timings vary by `jitter` (relative standard deviation): no two patients or
        protocols are quite alike.
    jitter : float

    Returns
    -------
    dict of str to numpy.ndarray
        A ``(len(names),)`` array for each sequence of `PROTOCOL`, and ``B0``, which is DWI without weighting.
    """
    known = tissue_book()["tissues"]
    column = {
        key: np.array([known[n].get(key, 0.0) for n in names], float)
        for key in ("t1_ms", "t2_ms", "pd", "adc_um2_ms", "gadolinium_mmol", "fat")
    }
    timing = {name: {"tr_ms": scan.tr_ms, "te_ms": scan.te_ms} for name, scan in PROTOCOL.items()}
    if rng is not None:
        # One factor for all tissues per constant keeps the contrast between them, which the reports state.
        column["t1_ms"] *= 1 + jitter * rng.standard_normal()
        column["t2_ms"] *= 1 + jitter * rng.standard_normal()
        for of_scan in timing.values():
            of_scan["tr_ms"] *= 1 + 2 * jitter * float(rng.uniform(-1, 1))
            of_scan["te_ms"] *= 1 + 2 * jitter * float(rng.uniform(-1, 1))
    # The inversion time is set to null the water of this patient, as a radiographer's protocol does.
    csf_t1 = known["csf"]["t1_ms"] * column["t1_ms"][0] / known[names[0]]["t1_ms"]
    after_contrast = enhanced_t1(column["t1_ms"], column["gadolinium_mmol"])
    signals = {}
    for name, scan in PROTOCOL.items():
        if scan.equation is inversion_recovery:
            timing[name]["ti_ms"] = null_inversion_time(csf_t1, timing[name]["tr_ms"])
        t1 = after_contrast if TABLE[name].contrast else column["t1_ms"]
        signals[name] = scan.equation(t1, column["t2_ms"], column["pd"], **timing[name])
        if scan.diffusion:
            unsaturated = np.where(column["fat"] > 0, 0.1, 1.0)  # echo-planar imaging is fat-saturated
            signals["B0"] = signals.pop(name) * unsaturated
            signals[name] = diffusion_weighted(signals["B0"], column["adc_um2_ms"])
    return signals
