"""What headers and descriptions call parts of the body and contrast agents: data.

Read by ``datasets.sequences`` alone, which tells others.
"""

from selip_core.datasets.sequence_words import AGENT_NAMES, END, START

NO_HEAD_AT_ALL = ("(FEMORAL|FEMUR|HUMERAL|HUMERUS|RADIAL).?HEAD", "HEAD.?(FIRST|COIL|ARRAY)", "骨[头頭]")
"""What holds a word for the head and is none."""

HEAD = (
    "HEAD", "BRAIN", "SKULL", "CRANI", "C[EÉ]R[EÉ]B", "ENCEPH", "PITUIT", "HYPOPHYS", f"{START}SELLA", f"{START}ORBIT",
    f"{START}IA[CM]S?{END}", f"{START}FAC(E|IAL){END}", "HIPPOCAMP", "KOPF", "SCH(AE|Ä)DEL", "HIRN", f"{START}T[EÊ]TE",
    f"{START}CR[AÂ]NE", "CERVEAU", "CABEZA", "头", "頭", "颅", "顱", "脑", "腦", "垂体", "垂體", "鞍", "眼眶", "内听道",
    "內聽道", "海马", "海馬", "听神经", "聽神經", "三叉", "松果体", "松果體", f"{START}(CNS|STROKE|EPILEPSY|EAR){END}",
    "MENING", "POSTERIOR.?FOSSA", f"{START}TEMPORAL{END}", "CIRCLE.?OF.?WILLIS",
    "ENC[EÉ][FP]", "CR[AÁÂ]NI", "CR[AÁ]NEO", "CABEÇA", f"{START}TESTA{END}", "HIP[OÓ]FIS", "IPOFIS", f"{START}ÓRBIT",
    f"{START}(OREILLES?|O[IÍ]DOS?|OUVIDOS?|OHR|ORECCHI[OE]){END}", "FELSENBEIN", "脳", "眼窩", "[内內]耳", "[颞顳]骨",
    "側頭骨", "뇌", "두부", "두경부", "머리", "안와", "측두골",
)  # fmt: skip
"""What is of the head: an orbit or a sella is scanned with the head around it."""

_ALONE, _END_ALONE = "(?<![㐀-鿿])[左右双雙两兩]?", "(部?(MRI?|平[扫掃]|增[强強])|部?(?![㐀-鿿]))"
"""Around a single sign, which within a word may be of the head (颈内动脉, 胸腺瘤脑转移)."""
_MR = f"{START}(MR[IT]?|I?RMN?)"

OTHER_LANGUAGES = (
    # German, Dutch
    f"{START}([HBL]WS|SCHULTERN?|H(Ü|UE)FTEN?|BECKEN|BEKKEN|KNIE|FUSS|BRUST|HEUP|SCHOUDER){END}",
    f"{START}(ELL(EN)?BOGEN|R(Ü|UE)CKEN){END}", "WIRBEL", "WERVEL", "GELENK", "(OBER|UNTER)(SCHENKEL|BAUCH)",
    # French
    f"{START}(GENOUX?|RACHIS|[EÉ]PAULES?|HANCHES?|BASSIN|POIGNETS?|COUDES?|CHEVILLES?){END}",
    "RACHIDI", "LOMBAIRE", "M[OŒ]E?LLE.?[EÉ]PINI",
    # Spanish
    f"{START}(RODILLAS?|COLUMNA|HOMBROS?|CADERAS?|CUELLO|MUÑECAS?|CODOS?|TOBILLOS?|ESPALDA){END}",
    f"{START}T[OÓ]RA(X|CE{END}|CIC)",
    # Italian, Portuguese; Colonna and Lombardi are families
    f"{START}(GINOCCHI[OA]?|RACHIDE|SPALL[AE]|BACINO|CAVIGLI[AE]|POLS[OI]|GOMIT[OI]){END}",
    f"{START}(JOELHOS?|OMBROS?|QUADRIL|QUADRIS|COLUNA|BACIA|PESCO[ÇC]O|TORNOZELOS?|PUNHOS?|COTOVELOS?|COXAS?){END}",
    f"LOMBAR(ES?|I)?{END}", "LOMBO.?SA", "COLONN[AE].?(VERT|CERV|DORS|LOMB)",
    f"{_MR}[ -]+(DELL?A?[ '’])?(COLONNA|ANC(A|HE)){END}",  # ANCA may be a vasculitis
    # as radiologists of India and elsewhere write the lumbosacral spine
    f"{_MR}[ -]+L[ ./-]?SP?{END}",
    # traditional Chinese, Japanese
    "[颈頸頚胸腰骶薦仙脊]椎", "骶[髂骨]", "[颈頸頚]部", "[颈頸頚][髓髄]", "臂[丛叢]", "脊[髓髄](?!炎)",
    "[关關関][节節]", "骨盤", "椎[间間][盘盤板]", "子[宫宮]", "乳[房腺癌]", "心[脏臟臓]",
    "攝護腺|前立腺", "[腎髖]|股[关關関]",
    "甲[状狀]腺", "直腸", "膽[囊道管]",
    f"{_ALONE}[颈頸頚腰胸]{_END_ALONE}", f"{_ALONE}([大小下]腿|[上下四]肢|[前上]臂){_END_ALONE}",
    # Korean
    "(?<!신)[경흉천]추", "(?<![필중주])요추", "척추", "척수(?!염)", "무릎", "(슬|견|고)관절", "어깨", "골반", "손목",
    "발목", "팔꿈치", "(?<!두)경부", "(?<![가-힣])(목|허리)(?![가-힣])", "자궁", "유방", "복부", "흉부", "대퇴",
)  # fmt: skip
"""As `ORGANS`, in languages other than English and simplified Chinese."""

NO_NAME = ("SPINE", "CERVIC", "LUMBAR", "THORAC", "KNEE", "颈椎", "腰椎", "胸椎", "脊柱", "脊髓")
"""Of `ORGANS` those that are of nobody's name: a text that names no sequence beside them tells one all the same."""

ORGANS = (
    "SPINE", "SPINAL", "CERVIC", "LUMBAR", "LUMBO", "THORA", "SACR(AL|UM|O)", "KNEE", f"{START}(ANKLE|FOOT|FEET){END}",
    f"{START}(HIPS?|HANDS?|WRIST|ELBOW|SHOULDER|FEMUR|THIGH|TIBIA|LOWER.?LEG){END}", "ABDOM", "PELVI", "LIVER", "HEPAT",
    f"{START}(KIDNEYS?|RENAL|PANCREAS|MRCP|SPLEEN|BLADDER){END}", "PROSTAT", f"{START}RECT(UM|AL){END}", "UTERUS",
    f"{START}(BREASTS?|MAMMA|HEART|CHEST|LUNGS?|NECK|LARYNX|THYROID|TMJ|FETAL|FETUS){END}", "CARDIAC(?!.?(GAT|TRIG))",
    "WHOLE.?BODY", "EXTREMIT", f"{START}PLEXUS{END}", f"{START}(JAW|MANDIBLE|ILIAC|PATELLA|FACETS?|FEMORAL){END}",
    "[颈胸腰骶]椎", "骶髂", "^[左右双]?[手足]$", "颈部", "颈髓", "腰骶", "脊柱", "脊髓(?!炎)", "[上下全]腹|腹[部腔盆]",
    "肝", "胆[囊道管]", "胰", "脾", "肾", "盆腔", "骨盆", "前列腺", "膀胱", "子宫", "卵巢", "直肠", "乳腺", "心脏",
    "胸部", "肺", "(?<![体體囊包梁])膝", "踝",
    "髋", "股骨", "肩", "肘", "腕", "足部", "手部", "关节", "甲状腺", *OTHER_LANGUAGES,
)  # fmt: skip
"""What is of another part of the body, in texts that do not name the head beside it. Words that may begin somebody's
name are closed at their end."""

_PHANTOM_OF_CHINA = ("水模", "[体體]模")
PHANTOM = (f"{START}(PHANTOM|FANTOM[AE]?|FANT[OÔ]ME){END}(?!.?(LIMB|PAIN|TUM))", *_PHANTOM_OF_CHINA)
"""What tells in the name of a study or a series that nobody lay in the scanner."""

NAMED_PHANTOM = ("PHANTOM", *_PHANTOM_OF_CHINA)
"""The same in a patient's name: somebody may be called Fantom."""

TEST_OF_A_SCANNER = ("^ACR[ -]+(AX|SAG|T[12]|LOC|QA|QC)", "^[质質]控", "^QA$", f"^(DAILY|WEEKLY|MONTHLY).?QA{END}")
"""The same where a study or a series begins with it: a patient may be called so."""

INDICATIONS = (
    "癌", "瘤", "[转轉転]移", "變性", "变性", "病", "[术術][后後]", "查因", "KREBS", "KARZIN", "CARCINOM", "C[AÁÂ]NCER",
    "CANCRO", "NEOPLAS", "TUMEUR",
    f"{START}(CA|CANCER|CARCINOMA|METS?|R/?O|TUMOU?R|POST.?OP){END}", "METASTA", "HISTORY", "LYMPHOMA",
    "MELANOMA", "SARCOMA",
)  # fmt: skip
"""What makes of an organ in ``StudyDescription`` the reason for which a head is examined: `Lung Ca, r/o mets`."""

AGENT_OF_A_NAME = (*AGENT_NAMES, f"{START}G(D|AD)")
AGENTS = (
    *AGENT_OF_A_NAME, "造影[剂劑剤]", "[对對]比[剂劑]", "[显顯]影[剂劑]", "조영제",
    f"{START}(KONTRAST|(MDC|CIV|IVKM|S[IÍÌ]|SIM){END})", f"{START}CONTRAST", f"{START}(YES|Y|JA|OUI|TRUE){END}",
    "^[是有]", "[增増][强強]", "[强強]化", "[静靜][脉脈]", "[静靜]注", f"{START}(KM|CE|IV|GBCA|BOLUS){END}", r"C\+",
    r"(?<![0-9.,])(?!0+([.,]0+)? ?M)[0-9]+([.,][0-9]+)? ?(ML|CC|MMOL)",
)  # fmt: skip
"""What tells that a contrast agent was given, in the header's attribute of it."""

VEIN = (rf"{START}I\.?V(?![A-Z])", "VEIN|VENO|VENÖ|VENEU", "[静靜][脉脈]")
"""The way of an agent into a vein, in the header's attribute of it."""

NO_AGENT = (
    r"^[-−–. ]*$", rf"{START}(NONE|NO(?!\.)|NON(?!.?ION)|NOT|N|NIL|NULL|WITHOUT|WO|OHNE|SANS|FALSE|PLAIN){END}",
    rf"{START}W ?/ ?O{END}", rf"{START}N\.?/?A\.?{END}", f"{START}(KEINE?S?|UNKNOWN|UNENHANCED|NATIVE?){END}",
    f"{START}(NEIN|NINGUN[OA]?|NESSUN[OA]?|NENHUM|SIN|SEM|SENZA){END}",
    r"^0+([.,]0+)? ?(ML|CC)", r"^0+([.,]0+)?$", "[无無没沒未否不]", "なし", "없", "平[扫掃]",
)  # fmt: skip
"""What tells that none was given, where no agent stands before it: `Gadovist, no reaction`."""
