"""What rows of reports call devices and parts of the body, in upper case and without accents: data."""

MR = (
    r"(?<![A-Z])(?:MRI?|MRA|MRV|NMR|MRT|RMN?|IRM|PET[-/ ]?MR)(?![A-Z])", "磁共振", "核磁", "磁振", "KERNSPIN",
    "RESONAN[CZ]IA", "R[EÉ]SONANCE", "RESSON[AÂ]NCIA",
)  # fmt: skip

OTHER_DEVICES = (
    r"(?<![A-Z])(?:CT|CTA|CTP|USG|PET|PETCT|SPECT|ECT|DSA|EEG|ECG|EKG|XR|X-?RAY)(?![A-Z])",
    r"^(?:CR|DR|DX|US|NM|PT|XA|RF|MG)(?![A-Z])",  # DR may be a doctor, PT a patient
    "超声|彩超|B超|X[线光]|胸片|平片|钼靶|内窥?镜|胃镜|骨密度|核医学|肠镜|心电|脑电|病理|ULTRASOUND|RADIOGRAPH|MAMMOGRA|ENDOSCOP",
    "(?<![A-Z])(?:TC|TAC|TDM|RX|RÖ|PET-?TC|ECOGRAF[IÍ]A|[EÉ]CHOGRAPHIE|ECO-?DOPPLER)(?![A-Z])",
    "TOMOGRAF[IÍ]A|TOMODENSITOM|COMPUTERTOMOGRA|R[OÖ]NTGEN|SONOGRA|RADIOGRAF|ULTRASSOM|ULTRAS?SONOGRAF|ULTRASCHALL"
    "|SZINTIGRA|SCINTIGRA|GAMMAGRAF|CINTILOGRAF|MAMOGRAF|SCANNER (?:THORA|ABDO|CEREB|CRAN|DU|DE|DES)"
    "|COMPUTED TOMOGRA|X-?STRAHL|超音波|レントゲン|単純X|内視鏡|核医学|内镜",
)  # fmt: skip

OTHER_PARTS = (
    "TORAX|PULM[OÓ]N|PULMAO|PULMONAR|POUMON|LUNGE|THORAX|(?<![A-Z])BRUST(?![A-Z])|(?<![A-Z])[HBL]WS(?![A-Z])|WIRBEL",
    "RACHIS|COLUMNA|COLUNA|(?<![A-Z])KNIE|RODILLA|GENOU|JOELHO|GINOCCHIO|SCHULTER|HOMBRO|EPAULE|OMBRO|SPALLA",
    "(?<![A-Z])HUFT|CADERA|HANCHE|QUADRIL|BECKEN|BASSIN|(?<![A-Z])BACIA|LEBER|HIGADO|FIGADO|(?<![A-Z])FOIE(?![A-Z])",
    "(?<![A-Z])NIERE|RINON|(?<![A-Z])REINS?(?![A-Z])|(?<![A-Z])HERZ(?![A-Z])|CORAZON|COEUR|CORACAO|CUELLO|PESCOCO",
    "TOBILLO|CHEVILLE|TORNOZELO|SPRUNGGELENK|MUNECA|POIGNET|PUNHO|HANDGELENK|(?<![A-Z])CODO(?![A-Z])|(?<![A-Z])COUDE"
    "|COTOVELO|ELLENBOGEN|(?<![A-Z])MAMAS?(?![A-Z])|(?<![A-Z])SEINS?(?![A-Z])|VENTRE|BAUCH",
    "頚[椎部]|脊椎|関[節节]|骨[盤盘]|腹部|胸部|肺|肝|腎|乳房|前立腺|心臓",
)  # fmt: skip
"""Beside what ``datasets.header_words`` has; Chinese characters as they are after `simplified`."""

HEADS = (
    "ENCEFAL|CRANEO|CRANIO|SCHADEL|CABECA|(?<![A-Z])TESTA(?![A-Z])|HIPOFIS|SILLA TURCA|NEUROCRAN|脳|下垂体",
)  # fmt: skip
"""Beside what ``datasets.header_words`` has."""
