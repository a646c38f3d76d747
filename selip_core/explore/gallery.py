"""Series and their features, and those of them that are closest to a text."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports.queries import Query

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
        query: Query,
        *,
        top: int = 10,
        sequence: str | None = None,
        allowed: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Return the series that are closest to a query, the closest first.

        Parameters
        ----------
        model : SelipModel
        query : Query
            Where it speaks of sequences, each of its sentences is compared with the series of that sequence alone.
        top : int
        sequence : str, optional
            Series of this sequence only.
        allowed : (n,) bool, optional
            Series that may be found.

        Returns
        -------
        DataFrame: `series` with ``score`` (cosine) and ``query`` (the sentence compared); its index is the row there

        Raises
        ------
        SelipError
            If no series is left to search, the query speaks of other sequences than the one that is asked for, or
            features and model are of different sizes.
        """
        import torch  # here, and what needs it: the command line answers --help without

        from selip_core.similarity.nearest import greatest

        sentences = list(query.sentences.values())
        allowed_rows = self._allowed_rows(query, sequence, allowed)  # (sentences, n)
        check_size(model, self.features, "series")
        with torch.inference_mode():
            queries = model.eval().encode_text(sentences).cpu().numpy()  # (sentences, E)
        scores = np.where(allowed_rows, queries @ self.features.T, -np.inf)  # (sentences, n)
        best_sentence, best_score = scores.argmax(0), scores.max(0)
        rows = greatest(best_score, top)
        return self.series.iloc[rows].assign(
            score=best_score[rows], query=[sentences[best_sentence[row]] for row in rows]
        )

    def _allowed_rows(self, query: Query, sequence: str | None, allowed: np.ndarray | None) -> np.ndarray:
        """Return which series each sentence of a query is compared with, (sentences, n) bool."""
        of_series = self.series["sequence"].to_numpy()
        allowed = np.ones(len(self.series), bool) if allowed is None else allowed
        allowed = allowed if sequence is None else allowed & (of_series == sequence)
        rows = np.stack([allowed & np.isin(of_series, [s, ""]) if s else allowed for s in query.sentences])
        if sequence is not None and all(s not in ("", sequence) for s in query.sentences):
            named = " and ".join(query.sentences)
            raise SelipError(f"the query speaks of {named}, and series of {sequence} alone are to be searched: they "
                             "contradict each other, leave one of the sequences out")  # fmt: skip
        if not rows.any():
            named = " and ".join(s for s in query.sentences if s)
            spoken = f"; the query speaks of {named}" if named else ""
            raise SelipError(f"no series of {sequence or named or 'these patients'} among {len(self.series)}{spoken}")
        return rows


def check_size(model: "SelipModel", features: np.ndarray, what: str) -> None:
    """Raise SelipError if features (n, E) are not of a model's size; `what` has them, ``series`` or ``studies``."""
    if features.shape[1] != model.config["embedding_size"]:
        raise SelipError(
            f"the table's features have {features.shape[1]} numbers, the model's {model.config['embedding_size']}: "
            f"embed the {what} with this model"
        )
