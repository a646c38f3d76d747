"""The series that are closest to a finding, in a table of features: ``python -m selip_core.search FILE MODEL TEXT``."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports import describe_series, parse_report
from selip_core.sentences import NORMAL_STATEMENT, SEQUENCES, canonical_sentence, parse_sentence


def query_sentences(text: str) -> dict[str, str]:
    """Return the canonical sentence that a text means, for each sequence it speaks of.

    The model has learnt canonical sentences (``在左侧额叶表现为长信号``): such a one is taken as it is, under ``""``
    for any sequence; free text is read by the report parser, and a finding that names no sequence holds for any; what
    it cannot read is taken word for word.

    Raises
    ------
    SelipError
        If the text is empty.

    Examples
    --------
    >>> query_sentences("左侧额叶见片状长T2信号")
    {'T2': '在左侧额叶表现为片状长信号'}
    >>> query_sentences("左侧额叶片状高信号")
    {'': '在左侧额叶表现为片状高信号'}
    """
    text = text.strip()
    if not text:
        raise SelipError("the query is empty: type a finding, such as 左侧基底节区片状高信号")
    try:
        parse_sentence(text)
        return {"": text}
    except ValueError:
        pass
    found = describe_series(text, SEQUENCES)
    if not found:
        return {"": _of_any_sequence(text) or text}
    return {"": NORMAL_STATEMENT} if set(found.values()) == {NORMAL_STATEMENT} else found


def _of_any_sequence(text: str) -> str:
    """Return the sentence of a finding that names no sequence, read as if it were said of one; empty without one."""
    sequence = "FLAIR"
    for said in (
        f"{sequence}示{text}",
        text,
    ):  # Chinese names the sequence before the finding, English may leave it out
        findings = parse_report(said, default_sequence=sequence).get(sequence)
        if findings:
            return canonical_sentence(findings)
    return ""


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
        self, model, text: str, *, top: int = 10, sequence: str | None = None, keep: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Return the series that are closest to a text, the closest first.

        Parameters
        ----------
        model : SelipModel
        text : str
            As of `search`.
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


def search(model, table: pd.DataFrame, text: str, *, top: int = 10, sequence: str | None = None) -> pd.DataFrame:
    """Return the series that are closest to a text, the closest first.

    Parameters
    ----------
    model : SelipModel
    table : DataFrame
        As `selip_core.embed.embed` returns it.
    text : str
        A finding or report in free words, or a canonical sentence. Where it speaks of sequences, each is compared with
        the series of that sequence alone.
    top : int
    sequence : str, optional
        Series of this sequence only.

    Returns
    -------
    DataFrame with the columns of `table` but the feature, ``score`` (cosine) and ``query`` (the sentence compared)

    Raises
    ------
    SelipError
        If the query is empty, no series is left to search, or features and model are of different sizes.
    """
    known = table[table["reason"] == ""]
    features = np.stack(known["feature"].to_list()) if len(known) else np.empty((0, model.config["embedding_size"]))
    gallery = Gallery(known.drop(columns="feature"), features)
    return gallery.search(model, text, top=top, sequence=sequence).reset_index(drop=True)


def read_features(path: str | Path) -> pd.DataFrame:
    """Return a table that `selip_core.embed` wrote.

    Raises
    ------
    SelipError
        If it is missing or of another kind.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SelipError(f"{path} cannot be read as a table of features ({type(error).__name__})") from None
    missing = {"path", "sequence", "reason", "feature"} - set(table)
    if missing:
        raise SelipError(f"{path} is no table of features: it lacks {', '.join(sorted(missing))}")
    return table


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error) or 2 (wrong options)."""
    parser = argparse.ArgumentParser(prog="python -m selip_core.search", description=(
        "The series closest to a finding, in a table that selip_core.embed wrote."))  # fmt: skip
    parser.add_argument("features", type=Path, metavar="FILE.parquet")
    parser.add_argument("model", type=Path, help="the model that made it")
    parser.add_argument("text", help="a finding in free words, or a sentence 在…表现为…")
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--sequence", choices=SEQUENCES)
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        from selip_core.encoders import SelipModel

        table = read_features(options.features)
        model = SelipModel.from_pretrained(options.model)
        found = search(model, table, options.text, top=options.top, sequence=options.sequence)
    except SelipError as error:
        print(f"search: {error}", file=sys.stderr)
        return 1
    for sentence in dict.fromkeys(found["query"]):
        print(f"query: {sentence}")
    for row in found.itertuples():
        print(f"{row.score:7.3f}  {row.sequence or '?':5}  {row.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
