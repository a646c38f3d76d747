"""The state of a network that did best on the validation patients, while it is trained."""

import copy

import numpy as np
from torch import nn

CHECKS = 5
"""How often a run looks at the validation patients."""


class BestState:
    """Keeps the best of the states that are offered; a score of NaN keeps the last one.

    Parameters
    ----------
    model : nn.Module
    steps : int
        Of the run.
    """

    def __init__(self, model: nn.Module, steps: int):
        self.model = model
        self._due = {round(steps * (i + 1) / CHECKS) for i in range(CHECKS)}
        self._best, self._kept = -np.inf, None

    def is_due(self, step: int) -> bool:
        """Return whether the validation patients are to be looked at after so many steps."""
        return step in self._due

    def offer(self, score: float) -> None:
        """Keep the present state if it is the best so far."""
        if score > self._best or self._kept is None or np.isnan(score):
            self._best = max(self._best, -np.inf if np.isnan(score) else score)
            self._kept = copy.deepcopy(self.model.state_dict())

    def restore(self) -> None:
        """Put the kept state back into the model."""
        self.model.load_state_dict(self._kept)
