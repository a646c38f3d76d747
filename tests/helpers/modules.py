"""Modules of the package, and packages that they may not bring."""

from pathlib import Path

from tests.helpers.places import PACKAGE

SECONDS_TO_IMPORT = {"monai", "transformers", "accelerate", "nilearn", "jieba", "plotly", "ipyniivue"}
"""Packages that are imported by the function that uses them."""


def module_names(paths: list[Path]) -> list[str]:
    """Return the names by which files of the package are imported, but for the commands' ``__main__``."""
    inner = (path.relative_to(PACKAGE.parent).with_suffix("") for path in paths if path.name != "__main__.py")
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in inner)
