"""Series or studies closest to a finding, in a table of features: ``python -m selip_core.search FILE MODEL TEXT``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core._utils.command import DONE, Parser, one_or_more, run_command
from selip_core._utils.extras import needs
from selip_core._utils.files import expanded, what_is_there
from selip_core._utils.hashing import weights_digest
from selip_core.datasets.sequences import standard_sequence
from selip_core.errors import SelipError
from selip_core.explore.gallery import Gallery
from selip_core.explore.studies import closest_studies
from selip_core.explore.vocabulary import reading
from selip_core.reports.queries import WORD_FOR_WORD, read_query
from selip_core.reports.sentences import SEQUENCES

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel

_MAKE_IT = "make it with python -m selip_core.embed"


def search(
    model: "SelipModel", table: pd.DataFrame, text: str, *, top: int = 10, sequence: str | None = None
) -> pd.DataFrame:
    """Return the series, or studies, that are closest to a text, the closest first.

    Parameters
    ----------
    model : SelipModel
    table : DataFrame
        As `selip_core.embed.embed` returns it, of either level.
    text : str
        A finding or report in free words, or a canonical sentence. Where it speaks of sequences, each is compared with
        the series of that sequence alone; with studies, all together as a report.
    top : int
        1 or more.
    sequence : str, optional
        Series of this sequence only, or studies that have one; written as in a cohort's ``series.csv``.

    Returns
    -------
    DataFrame with the columns of `table` but the feature, ``score`` (cosine) and ``query`` (the sentence compared)

    Raises
    ------
    SelipError
        If the query is empty, no series is left to search, an option cannot be met, or the features are no table of
        them, or of another model.
    """
    if top < 1:
        raise SelipError(f"top must be 1 or more, not {top}")
    if sequence is not None and standard_sequence(sequence) is None:
        raise SelipError(f"sequence {sequence!r} is unknown: known are {', '.join(SEQUENCES)}")
    sequence = sequence and standard_sequence(sequence)
    _check_columns(table, "table")
    made_by = table.attrs.get("selip", {})
    own = {"weights": model, **({"fusion": model.study_fusion} if is_of_studies(table) else {})}
    if any(made_by.get(name) and made_by[name] != weights_digest(part) for name, part in own.items()):
        raise SelipError("the table's features are of another model, whose directions mean something else: give the "
                         "model that made them, or embed with this one")  # fmt: skip
    known = table[table["reason"] == ""]
    features = np.stack(known["feature"].to_list()) if len(known) else np.empty((0, model.config["embedding_size"]))
    if is_of_studies(table):
        studies = known.drop(columns="feature")
        found = closest_studies(model, studies, features, read_query(text), top=top, sequence=sequence)
        return found.reset_index(drop=True)
    gallery = Gallery(known.drop(columns="feature"), features)
    return gallery.search(model, read_query(text), top=top, sequence=sequence).reset_index(drop=True)


def is_of_studies(table: pd.DataFrame) -> bool:
    """Return whether a table of features has a row a study, not a row a series."""
    return "sequences" in table


def read_features(path: str | Path) -> pd.DataFrame:
    """Return a table that `selip_core.embed` wrote.

    Raises
    ------
    SelipError
        If it is missing or of another kind.
    """
    needs("a table of features", "study", "pyarrow")
    path = expanded(path)
    if not path.is_file():
        raise SelipError(f"{path} {what_is_there(path, wanted='file')}: {_MAKE_IT}")
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        why = type(error).__name__
        raise SelipError(f"{path} cannot be read as a table of features in Parquet ({why}): {_MAKE_IT}") from None
    _check_columns(table, str(path))
    return table


def _check_columns(table: pd.DataFrame, named: str) -> None:
    """Raise SelipError if a table is none of features; the message calls it what it is named."""
    if not isinstance(table, pd.DataFrame):
        raise SelipError(f"{named} must be a table of features, not {type(table).__name__}: read_features reads a file")
    needed = {"study_id", "sequences"} if is_of_studies(table) else {"path", "sequence"}
    missing = (needed | {"reason", "feature"}) - set(table)
    if missing:
        raise SelipError(f"{named} is no table of features: it lacks {', '.join(sorted(missing))}; {_MAKE_IT}")


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options) or 130."""
    parser = Parser("search", prog="python -m selip_core.search", description=(
        "The series or studies closest to a finding, in a table that selip_core.embed wrote."))  # fmt: skip
    parser.add_argument("features", type=Path, metavar="FILE.parquet")
    parser.add_argument("model", type=Path, help="the model that made it")
    parser.add_argument("text", help="a finding in free words, or a sentence 在…表现为…")
    parser.add_argument("--top", type=one_or_more, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument("--sequence", type=lambda name: standard_sequence(name) or name, choices=SEQUENCES,
                        help="series of this sequence only, or studies that have one")  # fmt: skip
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="search: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    from selip_core.encoders.model import SelipModel

    table = read_features(options.features)
    model = SelipModel.from_pretrained(options.model)
    found = search(model, table, options.text, top=options.top, sequence=options.sequence)
    for sentence in dict.fromkeys(found["query"]):
        print(f"query: {sentence}")
    query = read_query(options.text)
    if query.reading == WORD_FOR_WORD:
        print(reading(query))
    for row in found.itertuples():
        if is_of_studies(found):
            print(f"{row.score:7.3f}  {row.patient_id or '?'}  {row.study_id}  {row.sequences}")
        else:
            print(f"{row.score:7.3f}  {row.sequence or '?':5}  {row.path}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
