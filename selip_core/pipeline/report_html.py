"""One self-contained page from the executed notebooks of a profile: prose, figures, tables; no code, no network."""

import base64
import html
import io
import re
from functools import cache
from pathlib import Path

import nbformat
from markupsafe import Markup
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image
from nbconvert import HTMLExporter
from PIL import Image

from selip_core._utils.files import read_json, write_text
from selip_core._utils.pages import page_template
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.answer import read_answer
from selip_core.pipeline.records import HEADLINE_COLUMNS, headline_table, standing_runs

_MATH = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<![\\$\w])\$(?=\S)(?P<line>[^$\n]+?)(?<=\S)\$(?![\w$])", re.DOTALL)
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
_HEADING = re.compile(r"<h([1-4])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
_EXTERNAL = re.compile(
    r"""<(?:script|img|iframe|embed|source|video|audio|object|input)\b[^>]*?\b(?:src|data)\s*=\s*["']?\s*(?:https?:)?//[^\s"'>]+
      |<link\b[^>]*?\bhref\s*=\s*["']?\s*(?:https?:)?//[^\s"'>]+
      |@import\s+(?:url\()?["']?\s*(?:https?:)?//[^\s"')]+
      |url\(\s*["']?\s*(?:https?:)?//[^\s"')]+""",
    re.IGNORECASE | re.VERBOSE,
)
_TEMPLATE = Path(__file__).with_name("report.html.j2")


def build_report(profile: str) -> Path:
    """Write ``results/<profile>/report.html`` from the executed copies of the finished notebooks.

    Raises
    ------
    SelipError
        If no notebook of the profile is finished, or something in the page would be fetched from the network.
    """
    folder = paths.results_dir(profile)
    done = [run / "executed.ipynb" for run in standing_runs(profile) if (run / "executed.ipynb").exists()]
    if not done:
        raise SelipError(f"no finished notebook in {folder}: run ./run_all.sh --profile {profile}")
    sources = "; ".join(sorted({str(_record(p).get("data_source")) for p in done}))
    seeds = ", ".join(sorted({str(_record(p).get("seed")) for p in done}))
    page = page_template(_TEMPLATE).render(
        profile=profile,
        stamp=f"Data: {sources} · profile {profile} · seed {seeds}",
        answer=_answer(profile),
        recorded={"columns": HEADLINE_COLUMNS, "rows": headline_table(profile, everything=True)},
        sections=[_section(path) for path in done],
    )
    loads = external_resources(page)
    if loads:
        raise SelipError(f"the report would load {loads[0]}: put the file into the notebook's results instead")
    write_text(folder / "report.html", page)
    return folder / "report.html"


def notebook_html(path: Path) -> str:
    """Return the prose and outputs of an executed notebook as HTML; code, widgets and progress bars are left out."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _with_math(cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output)]
            for output in cell.outputs:
                if "text/markdown" in output.get("data", {}):
                    output.data["text/markdown"] = _with_math(output.data["text/markdown"])
    body, _ = _exporter().from_notebook_node(notebook, resources={"metadata": {"path": str(path.parent)}})
    return re.sub(r"<script\b.*?</script>", "", body, flags=re.DOTALL | re.IGNORECASE)


@cache
def _exporter() -> HTMLExporter:
    """Return the one exporter of all notebooks: its templates are compiled once."""
    return HTMLExporter(
        template_name="basic", exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True,
        embed_images=True,
    )  # fmt: skip


def external_resources(page: str) -> list[str]:
    """Return what a browser would fetch from the network to show the page; links that a reader may follow are not."""
    return [" ".join(match[0].split()) for match in _EXTERNAL.finditer(page)]


def _answer(profile: str) -> dict | None:
    """Return what the page opens with: sentences, the figure in base64 with its caption, the compact table."""
    answer = read_answer(profile)
    if answer is None:
        return None
    figure, picture, caption = answer.folder / "figures" / "answer.png", "", ""
    if figure.exists():
        picture = base64.b64encode(figure.read_bytes()).decode()
        with Image.open(figure) as image:
            caption = image.info.get("Title", "")
    return {"sentences": answer.sentences, "picture": picture, "caption": caption, "heads": answer.heads,
            "rows": answer.rows, "data": answer.data}  # fmt: skip


def _record(executed: Path) -> dict:
    return read_json(executed.parent / "run.json") or {}


def _is_shown(output: nbformat.NotebookNode) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout"  # stderr has progress bars and warnings; log.txt keeps them
    return "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


def _section(executed: Path) -> dict:
    """Return the name, title, headings of the second level and body of a notebook, all but the name of HTML."""
    name = executed.parent.name
    body, headings = _anchored(name, notebook_html(executed))
    return {
        "name": name,
        "title": headings[0][2] if headings else name,
        "parts": [(anchor, text) for level, anchor, text in headings if level == 2],
        "body": Markup(body),  # notebook_html has taken the scripts out, and the page's policy runs none
    }


def _anchored(notebook: str, body: str) -> tuple[str, list[tuple[int, str, Markup]]]:
    """Give every heading an anchor that no other notebook has; return the body and (level, anchor, text)."""
    found: list[tuple[int, str, Markup]] = []

    def anchor(match: re.Match) -> str:
        level, text = int(match[1]), _TAGS.sub("", match[3]).replace("¶", "").strip()
        found.append((level, f"{notebook}-{len(found)}", Markup(text)))
        return f'<h{level} id="{found[-1][1]}">{text}</h{level}>'

    return _HEADING.sub(anchor, body), found


def _with_math(source: str) -> str:
    """Return Markdown whose formulas are pictures, for a page without network has no typesetting library."""
    parts = _CODE.split(source)
    return "".join(part if i % 2 else _MATH.sub(_picture, part) for i, part in enumerate(parts))


def _picture(match: re.Match) -> str:
    formula = " ".join((match["block"] or match["line"]).split())
    buffer = io.BytesIO()
    try:
        math_to_image(f"${formula}$", buffer, prop=FontProperties(size=12), format="svg", color="#1c1c1c")
    except ValueError:  # matplotlib knows a part of LaTeX only
        return f"<code>{html.escape(formula)}</code>"
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img class="math" alt="{html.escape(formula)}" src="data:image/svg+xml;base64,{data}">'
    return f'\n<div class="math">{image}</div>\n' if match["block"] else image
