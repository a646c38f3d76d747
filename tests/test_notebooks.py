"""The rules for notebooks: a header, literal parameters, short cells, no outputs, and a finish."""

import ast
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from selip_core._utils.hashing import notebook_imports
from tests.helpers.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"profile": "demo", "seed": 0, "cohort": "embedded", "device": "auto"}
BRATS = {"brats": "embedded"}  # beside them, where a notebook uses a BraTS folder
PUBLISHED = {"lgg": "none", "openi": "none", "ct": "none"}  # and where it uses data that are published elsewhere
MAX_LINES = 16
_NAMES_OF_TESTS = re.compile(r"permut|sign[- ]flip|DeLong|Satterthwaite|Wilcoxon|t[- ]test\b", re.I)
_FORBIDDEN = {
    "a definition": re.compile(r"^\s*(async\s+def|def|class)\s|^\s*\w+\s*=\s*lambda\b", re.M),
    "a shell or magic line": re.compile(r"^\s*[!%]", re.M),
    "sys.path": re.compile(r"\bsys\.path\b"),
    "an absolute path": re.compile(r"""["'](/(?!["'\s])[\w.-]+/|~/|[A-Za-z]:\\)"""),
}


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """Return every breach of the rules, with the number of the cell."""
    cells, found = notebook.cells, []
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        found.append("cell 1: not a header in Markdown that starts with '# '")
    tagged = [i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    code = [i for i, c in enumerate(cells) if c.cell_type == "code"]
    if len(tagged) != 1 or not code or tagged[0] != code[0]:
        found.append("not exactly one cell tagged 'parameters', first of the code cells")
    else:
        found += _parameter_problems(cells[tagged[0]].source)
    for place, i in enumerate(code):
        found += [f"cell {i + 1}: {problem}" for problem in _cell_problems(cells[i], is_body=place >= 2)]
    if not code or "run.finish(" not in cells[code[-1]].source or code[-1] != len(cells) - 1:
        found.append("the last cell does not call run.finish")
    found += [f"metadata {key!r} of a run" for key in ("papermill", "widgets") if key in notebook.metadata]
    return found


def _parameter_problems(source: str) -> list[str]:
    try:
        values = {
            node.targets[0].id: ast.literal_eval(node.value) if isinstance(node, ast.Assign) else None
            for node in ast.parse(source).body
        }
    except (SyntaxError, ValueError, AttributeError):
        return ["the parameters cell holds more than literals"]
    good = values in (PARAMETERS, PARAMETERS | BRATS, PARAMETERS | PUBLISHED)
    return [] if good else [f"the parameters are {values}, not {PARAMETERS}"]


def _cell_problems(cell: nbformat.NotebookNode, *, is_body: bool) -> list[str]:
    found = [name for name, pattern in _FORBIDDEN.items() if pattern.search(cell.source)]
    if cell.outputs:
        found.append("outputs")
    if cell.execution_count is not None:
        found.append("an execution count")
    if "papermill" in cell.metadata:
        found.append("metadata of papermill")
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]
    if is_body and len(lines) > MAX_LINES:
        found.append(f"{len(lines)} lines of code, more than {MAX_LINES}")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_keeps_the_rules(path):
    assert problems(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_valid_and_named_by_number(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert re.fullmatch(r"[0-9]{2}_[a-z0-9_]+", path.stem)
    assert f'start_run("{path.stem}"' in path.read_text(encoding="utf-8").replace('\\"', '"')


def test_the_notebooks_are_seen():
    assert {"01_data_curation", "04_pretraining", "10_explore"} <= {path.stem for path in NOTEBOOKS}


def test_notebook_numbers_are_unique():
    assert len({path.name[:2] for path in NOTEBOOKS}) == len(NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_name_of_a_test_comes_from_its_table_and_is_not_typed(path):
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.source for cell in cells if _NAMES_OF_TESTS.search(cell.source)] == []


def good_notebook() -> nbformat.NotebookNode:
    literals = "\n".join(f"{name} = {value!r}" for name, value in PARAMETERS.items())
    parameters = new_code_cell(literals, metadata={"tags": ["parameters"]})
    cells = [parameters, new_code_cell("import numpy"), new_code_cell("a = 1"), new_code_cell("run.finish()")]
    return new_notebook(cells=[new_markdown_cell("# A question"), *cells])


def test_a_good_notebook_has_no_problems():
    assert problems(good_notebook()) == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("def f():\n    pass", "definition"),
        ("class A:\n    pass", "definition"),
        ("!pip install x", "shell"),
        ("%cd ..", "shell"),
        ("import sys\nsys.path.append('x')", "sys.path"),
        ("open('/home/someone/x')", "absolute"),
        ("\n".join(["a = 1"] * 17), "17 lines"),
    ],
)
def test_a_forbidden_cell_is_found(source, word):
    notebook = good_notebook()
    notebook.cells[3].source = source
    assert any("cell 4" in problem and word in problem for problem in problems(notebook))


def test_outputs_counts_and_lost_parts_are_found():
    notebook = good_notebook()
    notebook.cells[3].execution_count = 3
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="x")]
    notebook.cells[1].metadata.tags = []
    notebook.cells[0].source = "no header"
    notebook.cells.pop()
    assert len(problems(notebook)) == 5


def test_a_derived_parameter_is_found():
    notebook = good_notebook()
    notebook.cells[1].source += "\nname = profile + '1'"
    assert problems(notebook) == ["the parameters cell holds more than literals"]


def test_every_downstream_training_is_kept_until_its_notebook_has_finished():
    trains = re.compile(
        r"\b(?:fine_tuning_predictions|segmentation_results|share_segmentation|external_segmentation|learnt_predictions)"
        r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
    )
    texts = {path.stem: "\n".join(c.source for c in nbformat.read(path, 4).cells) for path in NOTEBOOKS}
    calls = [(name, call) for name, text in texts.items() for call in trains.findall(text)]
    assert len(calls) == 7
    for name, call in calls:
        assert "kept=run.kept" in call or ("**" in call and '"kept": run.kept' in texts[name]), (name, call)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_is_there(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for node in ast.walk(ast.parse(cell.source if cell.cell_type == "code" else "")):
            if isinstance(node, ast.ImportFrom):
                names = ", ".join(alias.name for alias in node.names)
                exec(f"from {node.module} import {names}", {})
    assert notebook_imports(path)
