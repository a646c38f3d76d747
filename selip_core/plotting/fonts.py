"""Chinese text in figures, on a machine that has no CJK font: a subset of Noto Sans CJK SC travels with the package."""

from importlib.resources import as_file, files

import matplotlib
from matplotlib import font_manager

FAMILY = "SeLIP Sans CJK"
"""GB 2312 with punctuation, full-width forms and Greek; renamed, for it is a modified font (see fonts/OFL.txt)."""


CSS_FAMILY = f"'{FAMILY}','Noto Sans CJK SC',sans-serif"
"""The same for a page: the package's font where the page declares it, else whatever Chinese font there is."""


def register_fonts() -> None:
    """Let matplotlib fall back on the package's font, and embed fonts as text in PDF files.

    Latin letters keep matplotlib's own font. Calling it again changes nothing.
    """
    if FAMILY not in font_manager.fontManager.get_font_names():
        with as_file(files("selip_core.plotting") / "font_files" / "SeLIPSansCJK-Regular.ttf") as path:
            font_manager.fontManager.addfont(path)
    matplotlib.rcParams["font.family"] = ["DejaVu Sans", FAMILY]
    matplotlib.rcParams["pdf.fonttype"] = 42  # TrueType: text in the PDF stays text
    matplotlib.rcParams["axes.unicode_minus"] = True
