"""Series or studies closest to a finding, in a table of features: ``python -m selip_core.search FILE MODEL TEXT``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core._utils.command import DONE, Parser, run_command
from selip_core._utils.extras import needs
from selip_core._utils.hashing import weights_digest
from selip_core.errors import SelipError
from selip_core.explore.gallery import Gallery
from selip_core.explore.studies import closest_studies
from selip_core.reports.queries import read_query
from selip_core.reports.sentences import SEQUENCES

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel


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
    sequence : str, optional
        Series of this sequence only, or studies that have one.

    Returns
    -------
    DataFrame with the columns of `table` but the feature, ``score`` (cosine) and ``query`` (the sentence compared)

    Raises
    ------
    SelipError
        If the query is empty, no series is left to search, or the features are of another model.
    """
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
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SelipError(f"{path} cannot be read as a table of features ({type(error).__name__})") from None
    needed = {"study_id", "sequences"} if is_of_studies(table) else {"path", "sequence"}
    missing = (needed | {"reason", "feature"}) - set(table)
    if missing:
        raise SelipError(f"{path} is no table of features: it lacks {', '.join(sorted(missing))}")
    return table


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options) or 130."""
    parser = Parser("search", prog="python -m selip_core.search", description=(
        "The series or studies closest to a finding, in a table that selip_core.embed wrote."))  # fmt: skip
    parser.add_argument("features", type=Path, metavar="FILE.parquet")
    parser.add_argument("model", type=Path, help="the model that made it")
    parser.add_argument("text", help="a finding in free words, or a sentence 在…表现为…")
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--sequence", choices=SEQUENCES)
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="search: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    from selip_core.encoders.model import SelipModel

    table = read_features(options.features)
    model = SelipModel.from_pretrained(options.model)
    found = search(model, table, options.text, top=options.top, sequence=options.sequence)
    for sentence in dict.fromkeys(found["query"]):
        print(f"query: {sentence}")
    for row in found.itertuples():
        if is_of_studies(found):
            print(f"{row.score:7.3f}  {row.patient_id or '?'}  {row.study_id}  {row.sequences}")
        else:
            print(f"{row.score:7.3f}  {row.sequence or '?':5}  {row.path}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
