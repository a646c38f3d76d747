"""What a user is meant to read is shown in JupyterLab as a sentence, without the stack trace that leads to it."""

import html

from selip_core.errors import SelipError


def show_errors_as_sentences() -> None:
    """Let a cell that ends in a `SelipError` show its message alone; the cells after it are still not run.

    Where no person runs the cells (papermill, nbconvert) nothing changes: they read the error itself.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        shell.set_custom_exc((SelipError,), _show)


def in_editor() -> bool:
    """Return whether the cell that runs was sent by a notebook editor: a person can see and use what it shows."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    # notebook editors send the cell's name along, papermill and nbconvert do not
    return kernel is not None and "cellId" in kernel.get_parent("shell").get("metadata", {})


def _show(shell, kind, error: SelipError, trace, tb_offset=None) -> list[str]:
    """Display the message; the kernel still answers that the cell has failed."""
    from IPython.display import HTML, display

    if not in_editor():
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return [str(error)]
    display(HTML(
        '<div role="alert" style="color:#1c1c1c;background:#fdf0e6;border-left:4px solid #d55e00;padding:.4em .8em">'
        f"{html.escape(str(error))}</div>"
    ))  # fmt: skip
    return [str(error)]
