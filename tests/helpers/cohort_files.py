"""The tables of a cohort of three series."""


SERIES = "patient_id,sequence,path\n001,T1,a.nii.gz\n001,FLAIR,b.nii.gz\n002,T2WI,c.nii.gz\n"
REPORTS = "patient_id,findings,impression\n001,左侧额叶见长T1长T2信号影。,考虑梗死\n002,脑实质未见异常。,正常\n"


def write(folder, series=SERIES, reports=REPORTS, encoding="utf-8", **others):
    (folder / "series.csv").write_bytes(series.encode(encoding))
    (folder / "reports.csv").write_bytes(reports.encode(encoding))
    for name, text in others.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
