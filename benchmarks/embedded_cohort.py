"""Making the embedded cohort: seconds a patient in one process, by how many are made.

python -m benchmarks.embedded_cohort [--tiny]
"""

import tempfile
from pathlib import Path

from benchmarks import measure

PATIENTS = (16, 32, 64, 128)


def making(*, patients: int) -> dict:
    """Time `selip_core.datasets.synthetic.cohort.make_cohort` in this process; the template head is read before."""
    from selip_core.datasets.synthetic.anatomy import template
    from selip_core.datasets.synthetic.cohort import make_cohort

    template()
    with tempfile.TemporaryDirectory() as folder:
        started = measure.clock("cpu")
        make_cohort(Path(folder) / "cohort", patients=patients, workers=1, progress=False)
        seconds = measure.clock("cpu") - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {
        "what": "embedded cohort", "patients": patients, "seconds": seconds, "seconds_a_patient": seconds / patients,
        "mb_a_patient": size / 2**20 / patients,
    }  # fmt: skip


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    rows = [
        measure.in_child(making, threads=options.threads, patients=patients)
        for patients in ((1, 2, 3) if options.tiny else PATIENTS)
    ]
    measure.report("embedded_cohort", rows, device="cpu", out=options.out)


if __name__ == "__main__":
    main()
