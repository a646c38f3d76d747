"""What the templates of an image encoder do: which one volumes take, and what the network sees of them."""

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.encoders.templates import LIMIT, Templates

_AT_ONCE = 64


def nearest_templates(templates: Templates, pairs: Pairs) -> pd.DataFrame:
    """Return how often volumes take the template of their own sequence, which nobody tells them.

    Returns
    -------
    DataFrame
        One row a sequence: ``sequence``, ``volumes``, ``own template`` (share of them; NaN where the sequence has
        none), ``most often``, ``at the limit`` (share of all voxels that are cut).
    """
    names, parts = np.array(templates.names), []
    for start in range(0, len(pairs), _AT_ONCE):
        volumes = pairs.load(np.arange(start, min(start + _AT_ONCE, len(pairs)))).to(templates.mean.device)
        cut = (templates(volumes).abs() >= LIMIT).float().mean((1, 2, 3, 4))
        parts.append(pd.DataFrame({"taken": names[templates.nearest(volumes).cpu().numpy()], "cut": cut.cpu().numpy()}))
    table = pd.concat(parts, ignore_index=True).assign(sequence=pairs.sequences)
    return pd.DataFrame([
        {"sequence": sequence, "volumes": len(part),
         "own template": (part["taken"] == sequence).mean() if sequence in templates.names else float("nan"),
         "most often": part["taken"].mode()[0], "at the limit": part["cut"].mean()}
        for sequence, part in table.groupby("sequence", sort=False)
    ])  # fmt: skip


def seen_through_templates(templates: Templates, pairs: Pairs) -> dict[str, dict[str, np.ndarray]]:
    """Return a volume with findings of each sequence that has a template, and what is made of it, (D, H, W) each.

    Returns
    -------
    dict of sequence to ``volume``, ``mean``, ``deviation``, ``seen`` (by the network)
    """
    found = {}
    for number, name in enumerate(templates.names):
        of_it = [i for i, s in enumerate(pairs.sequences) if s == name and pairs.findings[i]]
        if of_it:
            volume = pairs.load(np.array(of_it[:1]))
            with torch.no_grad():
                seen = templates(volume.to(templates.mean.device))[0, 0].cpu().numpy()
            found[name] = {
                "volume": volume[0, 0].numpy(), "mean": templates.mean[number, 0].cpu().numpy(),
                "deviation": templates.deviation[number, 0].cpu().numpy(), "seen": seen,
            }  # fmt: skip
    return found
