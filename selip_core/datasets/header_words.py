"""What headers and descriptions call parts of the body and contrast agents: data.

Read by ``datasets.sequences`` alone.
"""

from selip_core.datasets.sequence_words import AGENT_NAMES, END, START

NO_HEAD_AT_ALL = ("(FEMORAL|FEMUR|HUMERAL|HUMERUS|RADIAL).?HEAD", "HEAD.?(FIRST|COIL|ARRAY)", "骨头")
"""What holds a word for the head and is none."""

HEAD = (
    "HEAD", "BRAIN", "SKULL", "CRANI", "CEREB", "ENCEPH", "PITUIT", "HYPOPHYS", f"{START}SELLA", f"{START}ORBIT",
    f"{START}IA[CM]S?{END}", f"{START}FAC(E|IAL){END}", "HIPPOCAMP", "KOPF", "SCH(AE|Ä)DEL", "HIRN", f"{START}T[EÊ]TE",
    f"{START}CR[AÂ]NE", "CERVEAU", "CABEZA", "头", "颅", "脑", "垂体", "鞍", "眼眶", "内听道", "海马",
)  # fmt: skip
"""What is of the head: an orbit or a sella is scanned with the head around it."""

NO_PART = ("", "UNKNOWN", "OTHER", "NONE", "NA", "N/A", "NULL", "UNDEFINED", "UNSPECIFIED", "DEFAULT", "MR", "MRI",
           "NEURO", "ANY")  # fmt: skip
"""Values of ``BodyPartExamined`` that name no part of the body."""

ORGANS = (
    "SPINE", "SPINAL", "CERVIC", "LUMBAR", "LUMBO", "THORA", "SACR(AL|UM)", "KNEE", f"{START}(ANKLE|FOOT|FEET){END}",
    f"{START}(HIPS?|HANDS?|WRIST|ELBOW|SHOULDER|FEMUR|THIGH|TIBIA|LOWER.?LEG){END}", "ABDOM", "PELVI", "LIVER", "HEPAT",
    f"{START}(KIDNEYS?|RENAL|PANCREAS|MRCP|SPLEEN|BLADDER){END}", "PROSTAT", f"{START}RECT(UM|AL){END}", "UTERUS",
    f"{START}(BREASTS?|MAMMA|HEART|CHEST|LUNGS?|NECK|LARYNX|THYROID|TMJ|FETAL|FETUS){END}", "CARDIAC(?!.?(GAT|TRIG))",
    "WHOLE.?BODY", "EXTREMIT", f"{START}PLEXUS{END}",
    "[颈胸腰骶]椎", "颈部", "颈髓", "腰骶", "脊柱", "脊髓", "[上下全]腹|腹[部腔盆]", "肝", "胆[囊道管]", "胰", "脾",
    "肾", "盆腔", "骨盆", "前列腺", "膀胱", "子宫", "卵巢", "直肠", "乳腺", "心脏", "胸部", "肺", "(?<![体囊])膝", "踝",
    "髋", "股骨", "肩", "肘", "腕", "足部", "手部", "关节", "甲状腺",
)  # fmt: skip
"""What is of another part of the body, in texts that do not name the head beside it. Words that may begin somebody's
name are closed at their end."""

AGENTS = (
    *AGENT_NAMES, f"{START}G(D|AD)", "造影剂", "对比剂", f"{START}CONTRAST", f"{START}(YES|Y|JA|OUI|TRUE){END}",
    "^[是有]",
)  # fmt: skip
"""What tells that a contrast agent was given, in the header's attribute of it."""

NO_AGENT = (
    r"^[-−–. ]*$", rf"{START}(NONE|NO(?!\.)|NON(?!.?ION)|NOT|N|NIL|NULL|WITHOUT|WO|OHNE|SANS|FALSE|PLAIN){END}",
    rf"{START}W ?/ ?O{END}", rf"{START}N\.?/?A\.?{END}", f"{START}(KEINE?S?|UNKNOWN|UNENHANCED|NATIVE?){END}",
    r"(?<![0-9.,])0+([.,]0+)? ?(ML|CC)", r"^0+([.,]0+)?$", "[无没未否不]", "平扫",
)  # fmt: skip
"""What tells that none was given, whatever stands beside it."""
