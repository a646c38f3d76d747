import pandas as pd

from selip_core.plotting.training import training_curves


def test_training_curves_draw_every_run():
    steps = pd.concat(
        pd.DataFrame({"variant": m, "seed": s, "step": range(1, 6), "clip": 3.0, "kl": 1.0})
        for m in ("CLIP", "SeLIP") for s in (0, 1)
    ).assign(accuracy=0.1, logit_scale=14.0)  # fmt: skip
    validations = pd.DataFrame({
        "variant": ["CLIP", "SeLIP"], "seed": 0, "step": 5, "recall_at_10": 0.2, "mean_reciprocal_rank": 0.1,
        "chance_at_10": 0.05, "constant_at_10": 0.1,
    })  # fmt: skip
    figure = training_curves(steps, validations, batch_size=8)
    assert len(figure.axes) == 6 and len(figure.axes[1].lines) == 4
