import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def closed():
    """No test leaves a figure open."""
    yield
    plt.close("all")
