"""What hospitals, BIDS and BraTS call each sequence of ``selip_core.sequences``, and what tells other series: data.

Read by ``datasets.sequences``, ``acquisition`` and ``header_words`` alone, so that a word more changes no finished
cohort or training run.
"""

from dataclasses import dataclass

START, END = r"(?<![A-Z0-9])", r"(?![A-Z0-9])"
"""Signs around a word of a description, upper-case; digits are part of a word: ``T1`` is not in ``T10``."""
LETTERS_END = r"(?![A-Z])"
"""The end of a word to which a number may be joined: ``TOF3D``, ``DWI1000``."""
_GRADIENT = "FFE|F?GRE|MPGR"
_OPERATIONS = "OP|SURG|TREAT|TRAUMA|RT|CIR|QUIR|QX|TRAT"
_NO_OPERATION = rf"(?!.?({_OPERATIONS})[A-Z]*(?![A-Z]))"
_POST = rf"(POST|PÓS){_NO_OPERATION}"  # of contrast, not of an operation
_NO_TREATMENT = rf"(?!.?({_OPERATIONS}|SRS|GK|GAMMA|FRAME)[A-Z]*(?![A-Z]))"

AGENT_NAMES = (
    "DOTA?(REM|GRAF)", "MAGNEVIST", "MULTI?HANCE", "OMNISCAN", "PROHANCE", "CLARISCAN", "PRIMOVIST", "EOVIST", "VUEWAY",
    "ELUCIREM", "ABLAVAR", "VASOVIST", "OPTIMARK", "ARTIREM", "CYCLOLUX", "GADO", "钆", "欧乃影", "马根维显", "莫迪司",
    "普美显", "多它灵", "加乐显",
)  # fmt: skip
"""Contrast agents of MRI by what they are sold as; ``GADO`` begins most of the others."""

CONTRAST_NAMES = (
    "KONTRA(ST|ŚC|SC)[A-Z]*", "CONTRAST[EO]S?", "CONTRASTAD[OA]", "MDC", r"M\.D\.C\.?", "CIV", "IVKM",
)  # fmt: skip
"""A contrast medium in other languages: MdC is Italian, CIV Spanish, IVKM German."""
_CJK_CONTRAST = "[增増][强強]|[强強]化|造影|[显顯]影|조영"
_GIVEN = rf"(CE|GD|GAD(O[A-Z]*)?|KM|CM|CONTRAST|ENH(ANCED)?|{'|'.join(CONTRAST_NAMES)}|{'|'.join(AGENT_NAMES)})"
"""A contrast medium, as it stands before a sign or is joined to a word."""
_NOT_WITH = r"(?<!\+)(?<!\+ )(?<!POST[ -])(?<!WITH )(?<!MIT )(?<!NACH )(?<!CON )(?<!AVEC )(?<!AFTER )"
_PLUS = rf"\+ ?(C|CE|CONTRAST|GD|GAD|KM){LETTERS_END}|C\+"
_BEHIND_T1 = "(T1|MPRAGE|BRAVO|SPGR|VIBE|TFE).*"


@dataclass(frozen=True)
class Names:
    """What one sequence is called.

    Parameters
    ----------
    aliases : tuple of str
        What a cohort's table may call it, letters and digits alone, upper-case.
    bids, brats : tuple of str
        Its suffixes in BIDS, and what its file is called in BraTS, lower-case.
    words : tuple of str
        Regular expressions of what tells it in a description or a file name, upper-case.
    """

    aliases: tuple[str, ...] = ()
    bids: tuple[str, ...] = ()
    brats: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


NAMES: dict[str, Names] = {
    "T1": Names(
        aliases=("T1W", "T1WI"),
        bids=("T1w",),
        brats=("t1", "t1n"),
        # T12 and T10 are vertebrae, T13D is not
        words=(rf"{START}(CE|GD|GAD|KM)?T1(?!\d(?!D))", "T1W", "MPRAGE", "MP2RAGE", "BRAVO", "FSPGR", "TFE3D",
               "3D.?TFE", "VIBE"),
    ),
    "T2": Names(
        aliases=("T2W", "T2WI"),
        bids=("T2w",),
        brats=("t2", "t2w"),
        words=(rf"{START}T2(?!\d(?!D))", f"{START}[SD]T2W"),  # Philips: sT2W_TSE
    ),
    "FLAIR": Names(
        aliases=("T2FLAIR", "FLA"),
        bids=("FLAIR",),
        brats=("flair", "t2f"),
        words=("FLAIR", rf"{START}(FLA|T2F|TIRM|FLR){END}", "DARK.?FLUID", "[压抑]水", "水抑制", "黑水", "液体衰减",
               "流体衰减"),
    ),
    "DWI": Names(
        aliases=("DWI1000",),
        bids=("dwi", "trace"),
        words=(
            rf"{START}(E?DWI|DTI|DIFF|DIFFUSION|HARDI|DSI){LETTERS_END}", f"TRACEW?{LETTERS_END}",
            rf"{START}B.?(VALUE.?)?(8|9|10|12|15)00(?!\d)", "弥散", "扩散",
        ),
    ),
    "ADC": Names(
        bids=("adc", "ADC"),
        words=(rf"{START}D?ADC({END}|(?=MAP))", "APPARENT.?DIFF", "表[观觀]", f"{START}A(VERAGE|VG).?DC{END}",  # GE
               "[弥彌扩擴]散系[数數]", "COEF+I[CZ]IENTE?.?(DE.?)?DIFFUS", "DIFFUSION.?(APPAREN|COEF)"),
    ),
    "T1ce": Names(
        aliases=("T1C", "T1CE", "T1GD", "T1POST", "T1WICE", "T1WIC"),
        brats=("t1ce", "t1c"),
        # Of an image that is T1-weighted: `datasets.sequences` looks for them there alone.
        words=(
            _PLUS, f"{START}(CE|GD|GAD|KM)T1",
            rf"{START}(POSTC|NAGD|NAKONTRAST|(POST|NACH){_GIVEN}){END}",
            rf"{START}(CE|GD|GAD|KM|CONTRAST|ENH(ANCED|ANCEMENT)?|{_POST}|{'|'.join(CONTRAST_NAMES)}){END}",
            rf"T1[^A-Z]?(WI?)?[^A-Z]?(CE|GD|C(?![-−–])|{_POST}|ENH){LETTERS_END}", r"T1(WI?)?C[-−–](?=[A-Z])",
            "P[OÓ]ST?.?CONTRAST", _CJK_CONTRAST, f"{START}INJ(ECT[A-Z]*)?{END}", *AGENT_NAMES,
            r"T1(WI?)?\+(?=[ ),]|$)", r"T1(WI?)? ?\(\+\)", r"\+ ?\)?$", f"{START}C/ ?C{END}",
            # Spanish; a number behind it is a position's, and before the sequence it may be of a finding: HIV POS T1
            rf"{_BEHIND_T1}{START}POS(?! ?\d+(?!D)){_NO_OPERATION}{END}",
            rf"{_BEHIND_T1}{START}DOPO{END}", rf"{_BEHIND_T1}{START}P\. ?C{END}",  # post contrast
            "КОНТРАСТ", "(?<![А-Я])С КУ(?![А-Я])", "(SAU|CÓ).?(TIÊM|TIEM|THUỐC)",  # Russian, Vietnamese
        ),
    ),
}  # fmt: skip
"""Of each sequence of the table; one without an entry is known by its own name in a table alone."""


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
    # GE's T2-weighted trace is made of the images of a tensor, as its "Isotropic image" is
    words=("T2.?W[A-Z]*.?TRACE", "(FRACTION[A-Z]*|RELATIVE|RATIO).?AN(ISO|SIO)", "(MEAN|AXIAL|RADIAL).?DIFFUSIVITY",
           f"{START}DTI[ -]+(L[123]|MO|S0|MK|AK|RK){END}", "各向[异異]性", "平均[扩擴弥彌]散", "指[数數]"),
    hints=(f"{START}(FA|COLFA|COLORFA|DEC|EADC|E.?ADC|EXP.?ADC|RA|VR|AD|RD|MD){END}", "TENSOR", "EXPONENTIAL", "TRACTO",
           "^ISOTROPIC.?IMAGE", "ANISOTROP", "EIGEN.?V", "ATTENUATION.?COEF"),
)
EXPONENTIAL_ADC = ("EADC", rf"{START}E(XP)?.?ADC", "EXPONENTIAL", "指[数數]")
"""What tells that a map of ADC is none itself."""

SET_ASIDE = (
    SetAside(
        "a scout",
        ("LO[CK]ALI[SZ](ER|ADOR|ATEUR|ZATORE)", f"{START}LOC{END}", f"{START}LOCATORS?{LETTERS_END}", "SCOUT", "SURVEY",
         "SMARTBRAIN", "AAHEAD", "3.?PLANE", "PLANE.?LOC", "3.?PL.?LOC", "定位", "位置決め", "REF.?SCAN", "SENSE.?REF",
         f"{START}CALIB(RATION)?{LETTERS_END}", "TOPOGRAM"),
        # Pilot_T1 may be of a pilot study
        (f"{START}(REF|ASSET|LOCA|PILOT|SCANO(GRAM)?|REP[EÉ]RAGE|[ÜU]E?BERSICHT){END}",),
    ),
    SetAside(
        "a capture of a screen, no volume",
        (f"SCREEN.?(SAVE|SHOT|CAP)[A-Z]*{END}", f"SECONDARY.?CAPTURE{END}"),
    ),
    # sub-01_T1w is the T1 of a subject
    SetAside("a subtraction", (rf"(?!^SUB([-_ ]?\d|-(?!T[12])[A-Z0-9]+[_ ])){START}SUB{END}", f"{START}SUBTR",
             "SUBTRACT", "SOUSTRACT", "SUB?STRACC", "SOTTRAZION", "[减減]影", "サブトラクション")),
    SetAside(
        "a quantitative map",
        (rf"T[12]\*?.?(MAP(S|PING|IT)?|KARTEN?|CARTES?|MAPP?AS?){LETTERS_END}", rf"T[12].?RHO{LETTERS_END}",
         rf"{START}(KARTE|CARTE|MAPP?A)[ -]+(D[EIO][ -]+)?T[12]", "RELAXOMETRY", f"MP2RAGE.*T1.?IMAGES{END}"),
    ),
    SetAside(
        "a map computed of an image",
        (f"(T[12]W?|FLAIR|MPRAGE|BRAIN).*{START}PVE(SEG)?([ -]?[0-9])?{END}", "BIAS.?FIELD(?!.?COR)", "JACOBIAN",
         f"PROB.?SEG{END}"),
    ),
    SetAside("one of the two inversions of MP2RAGE", (f"MP2RAGE.*INV.?[12]{END}",)),
    SetAside(
        "a fat image",
        ("^FAT ?:", f"DIXON.*{START}(F|FAT(?!.?S(AT|UP)[A-Z]*)){END}", f"{START}FAT.?(ONLY|FRACTION){END}"),
    ),
    SetAside(
        "a double inversion recovery",
        ("DOUBLE.?INV", f"{START}(T2|3D|SPC|SPACE|CUBE|VISTA|TSE){END}.*{START}DIR{END}(?! ?(AP|PA|LR|RL|[0-9]))"),
    ),
    SetAside("an attenuation map of PET", (f"{START}(MRAC|U.?MAP|MU.?MAP){LETTERS_END}",)),
    SetAside("a measurement of flow", ("(CSF|QUANT).?FLOW", f"{START}Q.?FLOW", "FLOW.?(QUANT|STUDY)", f"{START}VENC")),
    SetAside(
        "a phase image",
        # PH is dcm2niix's; before a sequence it may be somebody's initials
        (f"{START}(PHA|PHASE|IMAGINARY){END}", f"(T[12]|FLAIR|GRE|FFE|TFE|MPRAGE|DWI).*{START}PH{END}"),
    ),
)  # fmt: skip
"""Images that are of no use whatever their sequence."""

OTHER_SEQUENCES = (
    SetAside(
        "susceptibility-weighted",
        (f"{START}[ES]?SWI[MP]?{LETTERS_END}", f"{START}(SWAN|QSM|MIN.?IPS?|VEN.?BOLD|HEMO(SIDERIN)?){LETTERS_END}",
         rf"{START}T2(.?STAR(W[A-Z]*)?{LETTERS_END}|\*)", r"\(SW\)", "SUSCEPT", "磁敏感",
         rf"{START}[SD]?T2[A-Z]*.?(FFE|GRE|FL2D|FL3D|FLASH|MEDIC|MERGE){LETTERS_END}",
         rf"{START}[SD]?T2W?I?{END}[^+]*{START}(?<!B-)(?<!B )({_GRADIENT}){LETTERS_END}",
         rf"{START}(?<!B-)(?<!B )({_GRADIENT}){END}[^+]*{START}[SD]?T2W?I?{END}"),
        (f"{START}MPGR{LETTERS_END}",),
    ),
    SetAside(
        "an angiography",
        (rf"({START}|(?<=[23]D))TOF{LETTERS_END}", f"{START}(MRA|MRV|CE.?MRA|COW|PCA|MIPS?){LETTERS_END}",
         f"ANGIO(GRA[A-Z]*)?{LETTERS_END}", "血管[成造]", "INHANCE", rf"{START}[23]D.?PC{END}",
         # a lone Twist may be somebody's name
         f"{START}TRICKS{LETTERS_END}", f"(?<=[A-Z0-9] )TWIST{END}", f"{START}TWIST(?= [A-Z0-9])"),
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
    SetAside(
        "a balanced gradient echo",
        hints=("FIESTA", "TRUE?.?FISP", "TRUFI", "COSMIC", f"{START}CISS{LETTERS_END}", f"{START}BALANCED",
               f"{START}B.?(FFE|TFE|SSFP){LETTERS_END}"),
    ),
    SetAside("a fat-suppressed sequence of another kind", (f"{START}STIR{LETTERS_END}",)),
)  # fmt: skip
"""Sequences that are not in the table, asked after those that are. The first kind that fits counts."""

MASK_WORDS = (
    rf"{START}(D?SEG|SEGMENTATION|MASK|MSK|GT|ROI|LABELS?|LESIONS?|CONSENSUS){END}",
    "GROUND.?TRUTH", "GOLD.?STANDARD", "BRAIN.?MASK", "分割", "掩膜",
)  # fmt: skip
"""What tells that a file is a segmentation."""

MASK_SUFFIXES = ("msk", "mask", "dseg", "roi")
"""Suffixes of segmentations in BIDS."""

_OF_THE = r"[ -]?(IL|DELL?|D[IEOA]?|EL|L|VON|GABE|IV|I\.V\.?|MEZZO|MEDIO|MEIO|PRODUIT|AGENTE?)(?=[ '’.-])"
"""What may stand between a word for without and what was left out: SENZA MEZZO DI CONTRASTO."""
_LEFT_OUT = "|".join((
    "CE", "GD", "GAD(O[A-Z]*)?", "CONTRAST", "C", "KM", "INJ(ECT[A-Z]*)?", "ENH(ANCED|ANCEMENT)?",
    *CONTRAST_NAMES, *AGENT_NAMES,
))  # fmt: skip

PLAIN_WORDS = (
    rf"{START}((PR[EÉ]|W.?O|NON|NO|WITHOUT|BEFORE|PRIOR.?TO|OHNE|KEINE?|VOR|VORHER|SANS|AVANT|SIN|SEM|SENZA|ANTES|PRIMA"
    rf"|BEZ|PRZED)({_OF_THE})*.?"
    rf"|S/ ?)({_LEFT_OUT}){END}",
    f"{START}(NATIV[OA]|SIMPLE|BASALE|KONTRAST(S[Iİ]Z|FREI|LOS)){END}",
    f"[未无無非不]({_CJK_CONTRAST})", f"({_CJK_CONTRAST})[剤劑剂제]? ?([前전]|なし|無|없)", "[비미] ?조영",
    "[單単]純(?![疱皰ヘ])",  # plain in Japan, but not herpes simplex
    r"T1(WI?)? ?\([-−–]\)",
    f"{START}(NATIVE?|PLAIN){END}", rf"^(?!.*({_PLUS})).*{START}PR[EÉ]{_NO_TREATMENT}{END}",
    # a sign right behind the medium; one that joins a word to it says nothing
    rf"{_NOT_WITH}(({START}|(?<=T1)|(?<=T1WI)){_GIVEN}|{_CJK_CONTRAST})"
    rf"([剤劑剂제]? ?\([-−–]\)|[-−–](?=\)|$)| [-−–](?=\)|$))",
    "(БЕЗ|ДО)( ВВЕДЕНИЯ)? (КОНТРАСТ|КУ(?![А-Я]))", "(KHÔNG|CHƯA|TRƯỚC).?(TIÊM|TIEM|THUỐC)",
    rf"{START}C[-−–](?![A-Z0-9])", r"T1(WI?)?C[-−–](?![A-Z0-9])", rf"(?<= )[-−–] ?C{END}", "平[扫掃]",
    # T1WI-C, T1(-C), T1 FLAIR-C; a hyphen right behind T1 only joins: T1-C is the enhanced one, and a minus sign never
    rf"T1(?!.*({START}({_POST}|CE|GD|GAD|KM|ENH)|\+))[^+]*(?<!T1)[-−–] ?C(?![A-Z0-9+])", r"T1([−–] ?|- )C(?![A-Z0-9+])",
)  # fmt: skip
"""What tells that no contrast medium was given: ``T1 C-`` is a usual name in Chinese hospitals."""

BOTH_WORDS = (
    "[增増][强強]|[强強]化", r"(WITH|CON|COM|MIT|AVEC).?(AND|UND|Y|E|ET|&|\+|/).?(WITHOUT|SIN|SEM|SENZA|OHNE|SANS)",
    r"(WITHOUT|SIN|SEM|SENZA|OHNE|SANS).?(AND|UND|Y|E|ET|&|\+|/).?(WITH|CON|COM|MIT|AVEC)", r"W.?(AND|&|\+).?W.?O",
)  # fmt: skip
"""What tells that a protocol is of plain and enhanced series, so that it says nothing of one of them."""

CODE_WORDS = ("CE", "GD", "GAD", "KM", "POST", "PRE", "PD", "DSI", "AD", "MD", "RD", "FA", "RA", "TTP", "CSI", "COW",
              "CIV", "MDC", "PH")
"""Words of contrast, proton density and maps that are a patient's code where a number follows them: ``PD_01_T1``."""
