"""Series and their features, and those of them that are closest to a text."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports.queries import query_sentences

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel


class Gallery:
    """Series and their features, side by side in one array: made once, asked often.

    Parameters
    ----------
    series : DataFrame with ``sequence``
        A row a series.
    features : (n, E) float32, unit norm
    """

    def __init__(self, series: pd.DataFrame, features: np.ndarray):
        self.series = series.reset_index(drop=True)
        self.features = np.ascontiguousarray(features, dtype=np.float32)

    def search(
        self,
        model: "SelipModel",
        text: str,
        *,
        top: int = 10,
        sequence: str | None = None,
        keep: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Return the series that are closest to a text, the closest first.

        Parameters
        ----------
        model : SelipModel
        text : str
            A finding or report in free words, or a canonical sentence. Where it speaks of sequences, each is compared
            with the series of that sequence alone.
        top : int
        sequence : str, optional
            Series of this sequence only.
        keep : (n,) bool, optional
            Series that may be found.

        Returns
        -------
        DataFrame: `series` with ``score`` (cosine) and ``query`` (the sentence compared); its index is the row there

        Raises
        ------
        SelipError
            If the query is empty, no series is left to search, or features and model are of different sizes.
        """
        import torch

        of_series = self.series["sequence"].to_numpy()
        kept = np.ones(len(self.series), bool) if keep is None else keep
        kept = kept if sequence is None else kept & (of_series == sequence)
        sentences = query_sentences(text)
        may = {s: kept & np.isin(of_series, [s, ""]) if s else kept for s in sentences}
        if not any(rows.any() for rows in may.values()):
            named = " and ".join(s for s in sentences if s)
            spoken = f"; the query speaks of {named}" if named else ""
            raise SelipError(f"no series of {sequence or named or 'these patients'} among {len(self.series)}{spoken}")
        if self.features.shape[1] != model.config["embedding_size"]:
            raise SelipError(
                f"the table's features have {self.features.shape[1]} numbers, the model's "
                f"{model.config['embedding_size']}: embed the series with this model"
            )
        with torch.inference_mode():
            queries = model.eval().encode_text(list(sentences.values())).cpu().numpy()  # (sentences, E)
        scores = np.where(np.stack(list(may.values())), queries @ self.features.T, -np.inf)  # (sentences, n)
        best = scores.argmax(0)
        found = greatest(scores.max(0), top)
        return self.series.iloc[found].assign(
            score=scores.max(0)[found], query=[list(sentences.values())[best[i]] for i in found]
        )


def greatest(scores: np.ndarray, top: int) -> np.ndarray:
    """Return where the `top` greatest of ``scores`` (n,) are, the greatest first; -inf is never among them."""
    order = np.argsort(-scores, kind="stable")[:top]
    return order[np.isfinite(scores[order])]
