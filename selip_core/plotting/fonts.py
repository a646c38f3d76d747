"""Chinese text in figures, on a machine that has no CJK font: a subset of Noto Sans CJK SC travels with the package."""

from importlib.resources import as_file, files

import matplotlib
from matplotlib import font_manager

from selip_core._utils.characters import is_wide

FAMILY = "SeLIP Sans CJK"
"""GB 2312 with punctuation, full-width forms and Greek; renamed, for it is a modified font (see font_files/OFL.txt)."""

CSS_FAMILY = f"'{FAMILY}','Noto Sans CJK SC',sans-serif"
"""The same for a page: the package's font where the page declares it, else whatever Chinese font there is."""

FONT_FILE = files("selip_core.plotting") / "font_files" / "SeLIPSansCJK-Regular.ttf"


def register_fonts() -> None:
    """Let matplotlib fall back on the package's font, and embed fonts as text in PDF files.

    Latin letters keep matplotlib's own font. Calling it again changes nothing.
    """
    if FAMILY not in font_manager.fontManager.get_font_names():
        with as_file(FONT_FILE) as path:
            font_manager.fontManager.addfont(path)
    matplotlib.rcParams["font.family"] = ["DejaVu Sans", FAMILY]
    matplotlib.rcParams["pdf.fonttype"] = 42  # TrueType: text in the PDF stays text
    matplotlib.rcParams["axes.unicode_minus"] = True


def character_width(character: str) -> float:
    """Return about how wide a character is drawn, in its font size: Chinese ones 1, Latin ones less."""
    return 1.0 if is_wide(character, ambiguous=True) else 0.62
