"""What headers and descriptions call parts of the body and contrast agents: data.

Read by ``datasets.sequences`` alone, which tells others.
"""

from selip_core.datasets.sequence_words import AGENT_NAMES, END, START

NO_HEAD_AT_ALL = ("(FEMORAL|FEMUR|HUMERAL|HUMERUS|RADIAL).?HEAD", "HEAD.?(FIRST|COIL|ARRAY)", "骨头")
"""What holds a word for the head and is none."""

HEAD = (
    "HEAD", "BRAIN", "SKULL", "CRANI", "CEREB", "ENCEPH", "PITUIT", "HYPOPHYS", f"{START}SELLA", f"{START}ORBIT",
    f"{START}IA[CM]S?{END}", f"{START}FAC(E|IAL){END}", "HIPPOCAMP", "KOPF", "SCH(AE|Ä)DEL", "HIRN", f"{START}T[EÊ]TE",
    f"{START}CR[AÂ]NE", "CERVEAU", "CABEZA", "头", "頭", "颅", "顱", "脑", "腦", "垂体", "垂體", "鞍", "眼眶", "内听道",
    "內聽道", "海马", "海馬", "听神经", "聽神經", "三叉", "松果体", "松果體", f"{START}(CNS|STROKE|EPILEPSY|EAR){END}",
    "MENING", "POSTERIOR.?FOSSA", f"{START}TEMPORAL{END}", "CIRCLE.?OF.?WILLIS",
)  # fmt: skip
"""What is of the head: an orbit or a sella is scanned with the head around it."""

ORGANS = (
    "SPINE", "SPINAL", "CERVIC", "LUMBAR", "LUMBO", "THORA", "SACR(AL|UM|O)", "KNEE", f"{START}(ANKLE|FOOT|FEET){END}",
    f"{START}(HIPS?|HANDS?|WRIST|ELBOW|SHOULDER|FEMUR|THIGH|TIBIA|LOWER.?LEG){END}", "ABDOM", "PELVI", "LIVER", "HEPAT",
    f"{START}(KIDNEYS?|RENAL|PANCREAS|MRCP|SPLEEN|BLADDER){END}", "PROSTAT", f"{START}RECT(UM|AL){END}", "UTERUS",
    f"{START}(BREASTS?|MAMMA|HEART|CHEST|LUNGS?|NECK|LARYNX|THYROID|TMJ|FETAL|FETUS){END}", "CARDIAC(?!.?(GAT|TRIG))",
    "WHOLE.?BODY", "EXTREMIT", f"{START}PLEXUS{END}", f"{START}(JAW|MANDIBLE|ILIAC|PATELLA|FACETS?|FEMORAL){END}",
    "[颈胸腰骶]椎", "骶髂", "^[左右双]?[手足]$", "颈部", "颈髓", "腰骶", "脊柱", "脊髓(?!炎)", "[上下全]腹|腹[部腔盆]",
    "肝", "胆[囊道管]", "胰", "脾", "肾", "盆腔", "骨盆", "前列腺", "膀胱", "子宫", "卵巢", "直肠", "乳腺", "心脏",
    "胸部", "肺", "(?<![体囊])膝", "踝",
    "髋", "股骨", "肩", "肘", "腕", "足部", "手部", "关节", "甲状腺",
)  # fmt: skip
"""What is of another part of the body, in texts that do not name the head beside it. Words that may begin somebody's
name are closed at their end."""

INDICATIONS = (
    "癌", "瘤", "转移", "變性", "变性", "病", "术后", "查因",
    f"{START}(CA|CANCER|CARCINOMA|METS?|R/?O|TUMOU?R|POST.?OP){END}", "METASTA", "HISTORY", "LYMPHOMA",
    "MELANOMA", "SARCOMA",
)  # fmt: skip
"""What makes of an organ in ``StudyDescription`` the reason for which a head is examined: `Lung Ca, r/o mets`."""

AGENT_OF_A_NAME = (*AGENT_NAMES, f"{START}G(D|AD)")
AGENTS = (
    *AGENT_OF_A_NAME, "造影剂", "对比剂", f"{START}CONTRAST", f"{START}(YES|Y|JA|OUI|TRUE){END}",
    "^[是有]", "增强", "强化", "静脉", "静注", f"{START}(KM|CE|IV|GBCA|BOLUS){END}", r"C\+",
    r"(?<![0-9.,])(?!0+([.,]0+)? ?M)[0-9]+([.,][0-9]+)? ?(ML|CC|MMOL)",
)  # fmt: skip
"""What tells that a contrast agent was given, in the header's attribute of it."""

NO_AGENT = (
    r"^[-−–. ]*$", rf"{START}(NONE|NO(?!\.)|NON(?!.?ION)|NOT|N|NIL|NULL|WITHOUT|WO|OHNE|SANS|FALSE|PLAIN){END}",
    rf"{START}W ?/ ?O{END}", rf"{START}N\.?/?A\.?{END}", f"{START}(KEINE?S?|UNKNOWN|UNENHANCED|NATIVE?){END}",
    r"^0+([.,]0+)? ?(ML|CC)", r"^0+([.,]0+)?$", "[无没未否不]", "平扫",
)  # fmt: skip
"""What tells that none was given, where no agent stands before it: `Gadovist, no reaction`."""
