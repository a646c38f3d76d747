"""How near two sites are: by the structures that they lie in, and by their sides (method.md 3)."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
import yaml

from selip_core._utils.incidence import incidence
from selip_core.errors import SelipError
from selip_core.reports.sentences import without_side

_STRUCTURES = Path(__file__).with_name("sites.yaml")
_SIDES = {"左侧": ("left",), "右侧": ("right",), "双侧": ("left", "right")}


def site_similarity(
    sites: Sequence[str], others: Sequence[str] | None = None, *, device: torch.device | str | None = None
) -> torch.Tensor:
    """Return how near sites are: the share of structures that hold both, times the share of sides.

    A site's structures are itself and all that it lies in: 海马 has 海马, 颞叶, 大脑叶. Its sides are left, right or
    both, and one mark that every site has, so that no side excludes another.

    Parameters
    ----------
    sites : sequence of str, length U
        With their sides: 左侧额叶.
    others : sequence of str, length V, optional
        The columns; the sites themselves where left out.
    device : torch.device or str, optional
        CPU where left out.

    Returns
    -------
    torch.Tensor
        (U, V), float32, in [0, 1]; 1 where the sites are equal, and only there.

    Raises
    ------
    SelipError
        If ``sites.yaml`` puts a structure in two places, or within itself.

    Examples
    --------
    >>> site_similarity(["左侧额叶"], ["左侧额叶", "双侧额叶", "右侧额叶", "左侧枕叶", "脑桥"])[0].tolist()
    [1.0, 0.6666666865348816, 0.3333333432674408, 0.3333333432674408, 0.0]
    """
    # Choice: the paper asks only whether sites are equal. Jaccard's index |A∩B| / |A∪B| of both sets is 1 for equal
    # sites alone, and clearly less for near ones: the other side 1/3, a neighbour in one structure (额叶, 顶叶) 1/3,
    # a part and its whole (脑桥, 脑干) 1/2, one side and both 2/3; their product where both differ. An unknown site
    # is a structure by itself: how alike the words are is what syntax asks already.
    others = sites if others is None else others
    number = {site: i for i, site in enumerate(dict.fromkeys([*sites, *others]))}  # S distinct sites
    near = _jaccard([structures_of(site) for site in number], device)
    near *= _jaccard([("region", *_SIDES.get(site[:2], ())) for site in number], device)  # (S, S)
    rows, columns = (torch.tensor([number[s] for s in which], dtype=torch.int64, device=device)
                     for which in (sites, others))  # fmt: skip
    return near.index_select(0, rows).index_select(1, columns)


def structures_of(site: str) -> tuple[str, ...]:
    """Return what a site is and lies in, from the inside out and without its side: ``("海马", "颞叶", "大脑叶")``."""
    chain = [without_side(site)]
    while chain[-1] in _whole_of():
        chain.append(_whole_of()[chain[-1]])
    return tuple(chain)


@cache
def _whole_of() -> dict[str, str]:
    """Return the structure that each part lies in."""
    return read_structures(yaml.safe_load(_STRUCTURES.read_text(encoding="utf-8")))


def read_structures(parts: dict[str, list[str]]) -> dict[str, str]:
    """Return the structure that each part lies in, of the parts of each structure; checked.

    Raises
    ------
    SelipError
        If a part lies in two structures, or within itself.
    """
    whole_of: dict[str, str] = {}
    for whole, members in parts.items():
        for part in members:
            if part in whole_of:
                raise SelipError(f"{_STRUCTURES}: {part!r} stands under {whole_of[part]} and under {whole}; keep one")
            whole_of[part] = whole
    for part in whole_of:
        chain = [part]
        while chain[-1] in whole_of:
            chain.append(whole_of[chain[-1]])
            if chain[-1] == part:
                raise SelipError(f"{_STRUCTURES}: {part!r} lies within itself: {' < '.join(chain)}")
            if len(chain) > len(whole_of):
                break  # a circle that this part only leads to; its own members name it
    return whole_of


def _jaccard(sets: Sequence[Sequence[str]], device: torch.device | str | None) -> torch.Tensor:
    """Return ``|A∩B| / |A∪B|`` of S sets, (S, S)."""
    has = incidence(sets, device=device)
    shared = has @ has.T  # counts of 0/1 products, exact in float32 and in TF32
    sizes = has.sum(1)
    return shared / (sizes[:, None] + sizes[None, :] - shared)
