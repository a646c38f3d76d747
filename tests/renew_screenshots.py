"""Renew docs/explore.png, a volume of one's own beside its closest reports: python -m tests.renew_screenshots"""

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
from PIL import Image

from selip_core.datasets.synthetic.catalogue import Lesion
from selip_core.datasets.synthetic.images import synthesise_patient
from selip_core.pipeline import paths
from tests.helpers.jupyter_browser import NEEDED, explored, why_no_browser

PROFILE, SEED = "demo", 2026
LESION = Lesion("acute_infarct", "额叶", "左侧", "大片状", foci=1, radius_mm=24.0)
NAME = "made_up_patient_DWI.nii.gz"


def make_volume(folder: Path) -> Path:
    """Write the DWI of a made-up patient with a fresh infarct, who is not of the embedded cohort."""
    images = synthesise_patient([LESION], np.random.default_rng(SEED))
    nibabel.save(images.series["DWI"], folder / NAME)
    return folder / NAME


def main() -> int:
    """Write the picture; return 1 with a sentence where something for it is missing."""
    lacking = [name for name in NEEDED if not (paths.results_dir(PROFILE, name) / "run.json").exists()]
    problem = why_no_browser() or (f"./run_all.sh has not made {', '.join(lacking)}" if lacking else None)
    if problem:
        print(f"renew_screenshots: {problem}", file=sys.stderr)
        return 1
    size = {"width": 1400, "height": 1300}
    with TemporaryDirectory() as name, explored(Path(name), profile=PROFILE, seconds=900, **size) as (page, _):
        box = page.get_by_label("Your NIfTI", exact=True)
        box.fill(make_volume(Path(name) / "work" / "notebooks").name)  # beside the notebook: its name is its path
        box.press("Enter")
        page.locator(".selip-viewer", has_text=NAME).first.wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        top = page.locator(".selip-page").first
        shot = Image.open(io.BytesIO(top.screenshot()))
        end = page.locator(".selip-reports").first.bounding_box()
        height = min(shot.height, round(end["y"] + end["height"] - top.bounding_box()["y"]) + 8)
        shot.crop((0, 0, shot.width, height)).convert("P", palette=Image.Palette.ADAPTIVE).save(
            paths.project_root() / "docs" / "explore.png", optimize=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
