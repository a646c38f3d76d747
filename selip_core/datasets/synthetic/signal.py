"""The signal of a tissue on each sequence: spin echo, inversion recovery, diffusion, contrast.

Pure functions of relaxation times (ms), proton density (relative to water) and ADC (10^-3 mm2/s); all broadcast.
"""

from functools import cache
from pathlib import Path

import numpy as np
import yaml

_FILE = Path(__file__).with_name("tissues.yaml")

GADOLINIUM_R1 = 4.5
"""Longitudinal relaxivity of gadolinium in plasma at 3 T, per mmol/l and second: mid-range of 3.5-5.5 (Rohrer 2005)."""

B_VALUE = 1.0
"""Diffusion weighting in 10^3 s/mm2, so that ``B_VALUE * adc`` has no unit."""

PROTOCOL = {
    "T1": {"tr_ms": 450, "te_ms": 10},
    "T2": {"tr_ms": 4500, "te_ms": 100},
    "FLAIR": {"tr_ms": 9000, "te_ms": 115, "ti_ms": 2480},
    "DWI": {"tr_ms": 5000, "te_ms": 75},
    "T1ce": {"tr_ms": 450, "te_ms": 10},
}
"""Timing of each sequence; ADC comes from the two images of DWI. Usual clinical values at 3 T."""


@cache
def tissue_book() -> dict:
    """Return ``tissues.yaml``: ``tissues``, ``lesions`` (their layers) and ``sources``."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def spin_echo(t1_ms, t2_ms, pd, *, tr_ms: float, te_ms: float):
    """Return the spin-echo signal ``pd (1 - exp(-TR/T1)) exp(-TE/T2)``."""
    return pd * (1 - np.exp(-tr_ms / t1_ms)) * np.exp(-te_ms / t2_ms)


def inversion_recovery(t1_ms, t2_ms, pd, *, tr_ms: float, te_ms: float, ti_ms: float):
    """Return the magnitude ``pd |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)``: FLAIR when TI nulls water."""
    return pd * np.abs(1 - 2 * np.exp(-ti_ms / t1_ms) + np.exp(-tr_ms / t1_ms)) * np.exp(-te_ms / t2_ms)


def null_inversion_time(t1_ms: float, tr_ms: float) -> float:
    """Return the TI (ms) at which a tissue gives no signal: ``T1 ln(2 / (1 + exp(-TR/T1)))``."""
    return float(t1_ms * np.log(2 / (1 + np.exp(-tr_ms / t1_ms))))


def diffusion_weighted(signal, adc_um2_ms, *, b_value: float = B_VALUE):
    """Return ``signal * exp(-b ADC)``, with b in 10^3 s/mm2."""
    return signal * np.exp(-b_value * adc_um2_ms)


def apparent_diffusion(signal_without, signal_with, *, b_value: float = B_VALUE):
    """Return the ADC (10^-3 mm2/s) from the images without and with diffusion weighting; never negative."""
    ratio = np.maximum(signal_without, 1e-6) / np.maximum(signal_with, 1e-6)
    return np.clip(np.log(ratio) / b_value, 0, None)


def enhanced_t1(t1_ms, gadolinium_mmol, *, relaxivity: float = GADOLINIUM_R1):
    """Return T1 (ms) with contrast medium in the tissue: ``1/T1' = 1/T1 + r1 C``."""
    return 1000 / (1000 / t1_ms + relaxivity * gadolinium_mmol)


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
        ``T1``, ``T2``, ``FLAIR``, ``B0``, ``DWI``, ``T1ce``; each ``(len(names),)``. B0 is DWI without weighting.
    """
    known = tissue_book()["tissues"]
    column = {
        key: np.array([known[n].get(key, 0.0) for n in names], float)
        for key in ("t1_ms", "t2_ms", "pd", "adc_um2_ms", "gadolinium_mmol", "fat")
    }
    protocol = {name: dict(timing) for name, timing in PROTOCOL.items()}
    if rng is not None:
        # One factor for all tissues per constant keeps the contrast between them, which the reports state.
        column["t1_ms"] *= 1 + jitter * rng.standard_normal()
        column["t2_ms"] *= 1 + jitter * rng.standard_normal()
        for timing in protocol.values():
            timing["tr_ms"] *= 1 + 2 * jitter * float(rng.uniform(-1, 1))
            timing["te_ms"] *= 1 + 2 * jitter * float(rng.uniform(-1, 1))
    # The inversion time is set to null the water of this patient, as a radiographer's protocol does.
    csf_t1 = known["csf"]["t1_ms"] * column["t1_ms"][0] / known[names[0]]["t1_ms"]
    protocol["FLAIR"]["ti_ms"] = null_inversion_time(csf_t1, protocol["FLAIR"]["tr_ms"])
    relaxation = column["t1_ms"], column["t2_ms"], column["pd"]
    after_contrast = enhanced_t1(column["t1_ms"], column["gadolinium_mmol"]), *relaxation[1:]
    unsaturated = np.where(column["fat"] > 0, 0.1, 1.0)  # echo-planar imaging is fat-saturated
    b0 = spin_echo(*relaxation, **protocol["DWI"]) * unsaturated
    return {
        "T1": spin_echo(*relaxation, **protocol["T1"]),
        "T2": spin_echo(*relaxation, **protocol["T2"]),
        "FLAIR": inversion_recovery(*relaxation, **protocol["FLAIR"]),
        "B0": b0,
        "DWI": diffusion_weighted(b0, column["adc_um2_ms"]),
        "T1ce": spin_echo(*after_contrast, **protocol["T1ce"]),
    }
