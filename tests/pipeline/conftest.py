"""A project for throw-away notebooks."""

import os
import signal

import pytest

from selip_core.pipeline import up_to_date
from tests.helpers.places import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(up_to_date, "processors", lambda: 1)  # one notebook at a time, but where a test says two
    for name in ("SELIP_CALLED_FROM", "SELIP_PIPELINE"):
        monkeypatch.delenv(name, raising=False)
    handler = signal.getsignal(signal.SIGTERM)
    before = dict(os.environ)
    yield tmp_path
    signal.signal(signal.SIGTERM, handler)
    os.environ.clear()
    os.environ.update(before)
