from selip_core.errors import SelipError
from selip_core.widgets.status import Status


def test_a_status_says_one_thing_at_a_time(tmp_path):
    status = Status(tmp_path / "log.txt")
    with status.guarded("the test"):
        raise SelipError("nothing is there")
    assert status.failed and (status.widget.note, status.widget.error) == ("", "nothing is there.")
    status.note("all is well")
    assert not status.failed and (status.widget.note, status.widget.error) == ("all is well", "")


def test_a_log_that_cannot_be_written_does_not_add_to_the_fault(tmp_path):
    (tmp_path / "file").write_text("")
    status = Status(tmp_path / "file" / "log.txt")
    with status.guarded("the test"):
        raise ZeroDivisionError
    assert "ZeroDivisionError" in status.widget.error and "could not be written" in status.widget.error
