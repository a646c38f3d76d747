"""The series that are closest to a finding, in a table of features: ``python -m selip_core.search FILE MODEL TEXT``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports import describe_series
from selip_core.sentences import NORMAL_STATEMENT, SEQUENCES, parse_sentence

if TYPE_CHECKING:
    from selip_core.encoders import SelipModel


def query_sentences(text: str) -> dict[str, str]:
    """Return the canonical sentence that a text means, for each sequence it speaks of.

    The model has learnt canonical sentences (``在左侧额叶表现为长信号``): such a one is taken as it is, under ``""``
    for any sequence; free text is read by the report parser; what it cannot read is taken word for word.

    Raises
    ------
    SelipError
        If the text is empty.

    Examples
    --------
    >>> query_sentences("左侧额叶见片状长T2信号")
    {'T2': '在左侧额叶表现为片状长信号'}
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
        return {"": text}
    return {"": NORMAL_STATEMENT} if set(found.values()) == {NORMAL_STATEMENT} else found


def search(
    model: "SelipModel", table: pd.DataFrame, text: str, *, top: int = 10, sequence: str | None = None
) -> pd.DataFrame:
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
    import torch

    known = table[table["reason"] == ""]
    known = known if sequence is None else known[known["sequence"] == sequence]
    hits = []
    for of_sequence, sentence in query_sentences(text).items():
        rows = known[known["sequence"].isin([of_sequence, ""])] if of_sequence else known
        if rows.empty:
            continue
        features = np.stack(rows["feature"].to_list())
        if features.shape[1] != model.config["embedding_size"]:
            raise SelipError(
                f"the table's features have {features.shape[1]} numbers, the model's {model.config['embedding_size']}: "
                "embed the series with this model"
            )
        with torch.inference_mode():
            query = model.eval().encode_text([sentence]).cpu().numpy()[0]
        hits.append(rows.drop(columns="feature").assign(score=features @ query, query=sentence))
    if not hits:
        raise SelipError(f"no series of {sequence or 'the sequences that the query speaks of'} among {len(table)}")
    found = pd.concat(hits).sort_values("score", ascending=False, kind="stable")
    return found.drop_duplicates("path").head(top).reset_index(drop=True)


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
