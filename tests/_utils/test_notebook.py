import os

import pytest
from jupyter_client.manager import start_new_kernel

from selip_core._utils.notebook import in_editor
from selip_core.pipeline.paths import project_root

SETUP = "from selip_core._utils.notebook import show_errors_as_sentences as show; show()"
FAILING = "from selip_core.errors import SelipError\ndef deep():\n    raise SelipError('run <01> first')\ndeep()"


@pytest.fixture(scope="module")
def client():
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": str(project_root())})
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code: str, **metadata) -> tuple[dict, list[dict]]:
    """Return the kernel's answer, and the outputs of a cell; `metadata` are what an editor sends along."""
    message = client.session.msg("execute_request", {"code": code, "silent": False, "store_history": True,
                                                     "user_expressions": {}, "allow_stdin": False})  # fmt: skip
    message["metadata"] |= metadata
    client.shell_channel.send(message)
    outputs = []
    while True:
        got = client.get_iopub_msg(timeout=60)
        if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
            return answer(client, message["header"]["msg_id"]), outputs
        outputs.append(got)


def answer(client, asked: str) -> dict:
    """Return the answer to one message; others, as to the greeting of a new client, may still be waiting."""
    while True:
        got = client.get_shell_msg(timeout=60)
        if got["parent_header"].get("msg_id") == asked:
            return got["content"]


def kinds(outputs: list[dict]) -> list[str]:
    return [got["msg_type"] for got in outputs if got["msg_type"] != "status" and got["msg_type"] != "execute_input"]


def test_in_an_editor_the_message_stands_alone_and_the_cell_has_failed(client):
    run(client, SETUP)
    reply, outputs = run(client, FAILING, cellId="abc")
    assert reply["status"] == "error" and reply["ename"] == "SelipError"  # so that the cells after it do not run
    assert kinds(outputs) == ["display_data"]
    shown = outputs[-1]["content"]["data"]["text/html"]
    assert "run &lt;01&gt; first" in shown and 'role="alert"' in shown and "Traceback" not in shown


def test_other_errors_and_other_ways_of_running_keep_their_traces(client):
    run(client, SETUP)
    reply, outputs = run(client, FAILING)  # papermill reads the error itself
    assert reply["status"] == "error" and kinds(outputs) == ["error"]
    assert "deep()" in "".join(outputs[-1]["content"]["traceback"])
    reply, outputs = run(client, "1 / 0", cellId="abc")
    assert kinds(outputs) == ["error"] and reply["ename"] == "ZeroDivisionError"


def test_a_cell_knows_whether_an_editor_sent_it(client):
    code = "from selip_core._utils.notebook import in_editor\nassert in_editor()"
    assert run(client, code, cellId="abc")[0]["status"] == "ok"
    assert run(client, code)[0]["ename"] == "AssertionError"


def test_without_a_notebook_there_is_no_editor():
    assert not in_editor()
