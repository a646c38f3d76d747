"""The sequences of a head-MRI examination: what each is called, and how it looks. A new one is a new entry here.

Reports, cohorts, the reader of exports and the embedded cohort all go by this table. A new sequence needs its entry,
its words in ``reports/lexicons`` and, where the embedded cohort shall have it, a scan in ``datasets/synthetic/signal``.
"""

from dataclasses import dataclass

START, END = r"(?<![A-Z0-9])", r"(?![A-Z0-9])"
"""Signs around a word of a description, upper-case; digits are part of a word: ``T1`` is not in ``T10``."""
LETTERS_END = r"(?![A-Z])"
"""The end of a word to which a number may be joined: ``TOF3D``, ``DWI1000``."""
_POST = r"POST(?!.?(OP|SURG|TREAT|TRAUMA|RT)[A-Z]*(?![A-Z]))"  # of contrast, not of an operation


@dataclass(frozen=True)
class Sequence:
    """A sequence and its names.

    Parameters
    ----------
    name : str
        As tables, sentences and figures call it.
    aliases : tuple of str
        What a cohort's table may call it, letters and digits alone, upper-case.
    bids, brats : tuple of str
        Its suffixes in BIDS, and what its file is called in BraTS, lower-case.
    words : tuple of str
        Regular expressions of what tells it in a description or a file name, upper-case.
    oedema : str
        The signal of oedema on it, as reports tell it; empty where oedema does not show.
    anatomy : bool
        Whether sulci, ventricles and midline are judged on it.
    measured : bool
        Whether its voxels are values, raised or reduced, rather than brighter or darker than others.
    contrast : bool
        Whether a contrast medium was given.
    """

    name: str
    aliases: tuple[str, ...] = ()
    bids: tuple[str, ...] = ()
    brats: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    oedema: str = ""
    anatomy: bool = False
    measured: bool = False
    contrast: bool = False


_ALL = (
    Sequence(
        "T1",
        aliases=("T1W", "T1WI"),
        bids=("T1w",),
        brats=("t1", "t1n"),
        # T12 and T10 are vertebrae, T13D is not
        words=(rf"{START}T1(?!\d(?!D))", "T1W", "MPRAGE", "MP2RAGE", "BRAVO", "FSPGR", "TFE3D", "3D.?TFE", "VIBE"),
        oedema="低信号",
        anatomy=True,
    ),
    Sequence(
        "T2",
        aliases=("T2W", "T2WI"),
        bids=("T2w",),
        brats=("t2", "t2w"),
        words=(rf"{START}T2(?!\d(?!D))",),
        oedema="高信号",
        anatomy=True,
    ),
    Sequence(
        "FLAIR",
        aliases=("T2FLAIR", "FLA"),
        bids=("FLAIR",),
        brats=("flair", "t2f"),
        words=("FLAIR", rf"{START}(FLA|T2F|TIRM|FLR){END}", "DARK.?FLUID", "水抑制", "黑水"),
        oedema="高信号",
        anatomy=True,
    ),
    Sequence(
        "DWI",
        aliases=("DWI1000",),
        bids=("dwi", "trace"),
        words=(
            rf"{START}(E?DWI|DTI|DIFF|DIFFUSION|HARDI|DSI){LETTERS_END}", f"TRACEW?{LETTERS_END}",
            rf"{START}B.?(VALUE.?)?(8|9|10|12|15)00(?!\d)", "弥散", "扩散",
        ),
    ),
    Sequence(
        "ADC",
        bids=("adc", "ADC"),
        words=(rf"{START}D?ADC({END}|(?=MAP))", "APPARENT.?DIFF", "表观"),
        measured=True,
    ),
    Sequence(
        "T1ce",
        aliases=("T1C", "T1CE", "T1GD", "T1POST", "T1WICE", "T1WIC"),
        brats=("t1ce", "t1c"),
        # Of an image that is T1-weighted: `datasets.sequences` looks for them there alone.
        words=(
            rf"\+ ?(C|CE|CONTRAST|GD|GAD|KM){LETTERS_END}", r"C\+",
            rf"{START}(CE|GD|GAD|KM|CONTRAST|ENH(ANCED|ANCEMENT)?|{_POST}){END}",
            rf"T1.?(WI?)?.?(CE|GD|C(?![-−])|{_POST}|ENH){LETTERS_END}", r"T1(WI?)?C[-−](?=[A-Z])",
            "GADO", "POST.?CONTRAST", "增强",
        ),
        oedema="低信号",
        contrast=True,
    ),
)  # fmt: skip

TABLE: dict[str, Sequence] = {sequence.name: sequence for sequence in _ALL}
"""Every sequence by its name."""

SEQUENCES: tuple[str, ...] = tuple(TABLE)
"""The five sequences of the paper, and the contrast-enhanced T1 of tumour protocols."""


@dataclass(frozen=True)
class SetAside:
    """A kind of series that is none of ours.

    Parameters
    ----------
    reason : str
        Shown to the user.
    words : tuple of str
        Regular expressions of what tells it, upper-case.
    hints : tuple of str
        What tells it only where nothing tells that the image is weighted: ``REF`` is a scan for calibration, but
        ``T1 SAG REF`` is a reformatted one.
    """

    reason: str
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


DIFFUSION_MAP = SetAside(
    "a diffusion map other than ADC",
    hints=(f"{START}(FA|COLFA|COLORFA|DEC|EADC|E.?ADC|RA|VR|AD|RD|MD){END}", "TENSOR", "EXPONENTIAL", "TRACTO"),
)

SET_ASIDE = (
    SetAside(
        "a scout",
        ("LOCALI[SZ]ER", f"{START}LOC{END}", "SCOUT", "SURVEY", "SMARTBRAIN", "AAHEAD", "3.?PLANE", "PLANE.?LOC",
         "3.?PL.?LOC", "定位", "REF.?SCAN", "SENSE.?REF", f"{START}CALIB(RATION)?{LETTERS_END}"),
        (f"{START}(REF|ASSET){END}",),
    ),
    SetAside(
        "not of the head", ("SPINE", "CERVIC", "LUMBAR", "THORAC", "KNEE", "颈椎", "腰椎", "胸椎", "脊柱", "脊髓")
    ),
    SetAside("a subtraction", (f"{START}SUB{END}", "SUBTRACT", "减影")),
    SetAside("a quantitative map", (rf"T[12]\*?.?MAP(S|PING|IT)?{LETTERS_END}", "RELAXOMETRY")),
    SetAside("a phase image", (f"{START}(PHA|PHASE){END}",)),
    SetAside(
        "susceptibility-weighted",
        (f"{START}[ES]?SWI[MP]?{LETTERS_END}", f"{START}(SWAN|QSM|MIN.?IPS?|VEN.?BOLD|HEMO(SIDERIN)?){LETTERS_END}",
         rf"{START}T2(.?STAR(W[A-Z]*)?{LETTERS_END}|\*)", r"\(SW\)", "SUSCEPT", "磁敏感",
         rf"{START}T2[A-Z]*.?(FFE|GRE|FL2D|FL3D|FLASH|MEDIC|MERGE){LETTERS_END}"),
    ),
    SetAside(
        "an angiography",
        (rf"({START}|(?<=[23]D))TOF{LETTERS_END}", f"{START}(MRA|MRV|CE.?MRA|COW|PCA|MIPS?){LETTERS_END}",
         f"ANGIO(GRA[A-Z]*)?{LETTERS_END}", "血管成像"),
    ),
    SetAside(
        "perfusion",
        (f"{START}(ASL|PWI|PASL|PCASL|CBF|CBV|MTT|TTP|TMAX|DSC|DCE){LETTERS_END}", f"PERF(US[A-Z]*)?{LETTERS_END}",
         "灌注"),
    ),
    SetAside("spectroscopy", (f"{START}(MRS|SVS|CSI|PRESS){END}", "SPECTRO", "波谱")),
    SetAside("functional MRI", (f"{START}(BOLD|FMRI|RS.?FMRI){LETTERS_END}", "RESTING", "FIELD.?MAP")),
    DIFFUSION_MAP,
    SetAside("proton-density-weighted", (f"{START}PD(W|WI|FS|TSE|FSE|T2)*{LETTERS_END}", "PROTON.?DENS", "质子")),
    SetAside("a fat-suppressed sequence of another kind", (f"{START}STIR{LETTERS_END}",)),
)  # fmt: skip
"""The first kind that fits counts."""

MASK_WORDS = (
    rf"{START}(D?SEG|SEGMENTATION|MASK|MSK|GT|ROI|LABELS?|LESIONS?|CONSENSUS){END}",
    "GROUND.?TRUTH", "GOLD.?STANDARD", "BRAIN.?MASK", "分割", "掩膜",
)  # fmt: skip
"""What tells that a file is a segmentation."""

MASK_SUFFIXES = ("msk", "mask", "dseg", "roi")
"""Suffixes of segmentations in BIDS."""

PLAIN_WORDS = (
    rf"{START}(PRE|W.?O|NON|NO|WITHOUT|OHNE|VOR).?(CE|GD|GAD|CONTRAST|C|KM|ENH(ANCED|ANCEMENT)?){END}",
    f"{START}(PRE|NATIVE?|PLAIN){END}",
    rf"{START}C[-−](?![A-Z0-9])", r"T1(WI?)?C[-−](?![A-Z0-9])", rf"(?<= )[-−] ?C{END}", "平扫",
)  # fmt: skip
"""What tells that no contrast medium was given: ``T1 C-`` is a usual name in Chinese hospitals."""
