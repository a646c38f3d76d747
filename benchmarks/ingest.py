"""Ingest: DICOM files of a scanner, and a table of reports, into a cohort. On the CPU alone.

python -m benchmarks.ingest [--tiny]
"""

import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.corpora import embedded_texts
from benchmarks.raw_volumes import SHAPE, SPACING_MM, raw_volume

_SERIES = {"T1": ("t1_fl2d_tra", 450, 9), "T2": ("t2_tse_tra", 4000, 90), "FLAIR": ("t2_flair_tra", 9000, 100)}
"""Description, repetition and echo time (ms) by sequence."""


def ingesting(*, studies: int, workers: int) -> dict:
    """Time `selip_core.ingest.build.ingest` on studies of three series, a file a slice."""
    from selip_core.ingest.build import ingest

    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "source", Path(name) / "cohort"
        _write_studies(source, studies)
        reports = Path(name) / "reports.csv"
        lines = [f"A{i},{text}，余脑实质未见异常。" for i, text in enumerate(embedded_texts(studies))]
        reports.write_text("检查号,检查所见\n" + "\n".join(lines) + "\n", encoding="utf-8")
        started = measure.clock("cpu")
        counts = ingest(source, out, reports=reports, workers=workers, progress=False)
        seconds = measure.clock("cpu") - started
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert counts["series"] == studies * len(_SERIES), counts
    return {"what": "ingest", "studies": studies, "series": counts["series"], "files": counts["series"] * SHAPE[0],
            "processes": workers, "series_a_second": counts["series"] / seconds,
            "cohort_mb_a_series": size / counts["series"] / 2**20}  # fmt: skip


def _write_studies(folder: Path, studies: int) -> None:
    from tests.helpers.dicom_files import write_series

    voxels = [raw_volume(seed) for seed in range(len(_SERIES))]
    for i in range(studies):
        person = {"PatientID": f"P{i}", "PatientName": f"Name^{i}", "AccessionNumber": f"A{i}",
                  "StudyDate": "20240102", "StudyTime": "101500"}  # fmt: skip
        for number, (description, repetition, echo) in enumerate(_SERIES.values()):
            write_series(
                folder / f"{i}" / f"{number}", study=f"1.2.{i + 3}", person=person, voxels=voxels[number],
                spacing_mm=SPACING_MM, SeriesDescription=description, SeriesNumber=number + 1,
                RepetitionTime=repetition, EchoTime=echo,
            )  # fmt: skip


def main(words: list[str] | None = None) -> None:
    from selip_core._utils.parallel import processors

    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    studies, workers = (1, 1) if options.tiny else (24, processors())
    rows = [measure.in_child(ingesting, threads=options.threads, studies=studies, workers=workers)]
    measure.report("ingest", rows, device="cpu", out=options.out)


if __name__ == "__main__":
    main()
