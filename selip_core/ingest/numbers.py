"""Numbers that are somebody's whoever it is: of identity cards and telephones, and what a label says to be one."""

import re

_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ALONE, _NO_MORE = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_SELF_EVIDENT = [
    rf"{_ALONE}\d{{6}}[ -]?\d{{8}}[ -]?\d{{3}}[\dXxＸｘ]{_NO_MORE}",  # mainland China
    rf"(?<=[A-Za-z])\d{{6}}{_DAY}\d{{3}}[\dXx]{_NO_MORE}",
    rf"{_ALONE}[A-Z][12]\d{{8}}{_NO_MORE}",  # Taiwan
    rf"{_ALONE}[A-Z]{{1,2}}\d{{6}}[(（][0-9A][)）]",  # Hong Kong
    rf"{_ALONE}\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{{6}}{_NO_MORE}",  # Korea
    rf"{_ALONE}\d{{3}}\.\d{{3}}\.\d{{3}}-\d\d{_NO_MORE}",  # Brazil
    r"(?<!\d)(?:[+＋]?86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}(?!\d)",  # mobile telephones: China
    rf"{_ALONE}09\d\d[ -]?\d{{3}}[ -]?\d{{3}}{_NO_MORE}",  # Taiwan
    rf"{_ALONE}01[016-9][ -]\d{{3,4}}[ -]\d{{4}}{_NO_MORE}",  # Korea
    r"(?<![\d.])(?:[(（]0\d{2,3}[)）]|0\d{2,3}(?=[-－–— ])|[+＋]86[-－ ]?\d{2,3}(?=[-－–— ]))"
    r"[-－–— ]?[2-9２-９]\d{2,3}[- ]?\d{4}(?:[-－]\d{1,6})?(?!\d)",
    rf"{_ALONE}0\d{{1,3}}-\d{{2,4}}-\d{{4}}{_NO_MORE}",  # Japan
    rf"(?<![\d.])(?:\+?1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])\d{{3}}[-.]\d{{4}}{_NO_MORE}",  # North America
    rf"(?<![\d.])[+＋]\d{{1,3}}(?:[ -]\d{{1,4}}){{2,5}}{_NO_MORE}",
    r"(?<=字第)\d{4,}(?=号)",  # a licence
    rf"{_ALONE}[\w.+-]{{1,64}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
]
_NUMBERED = (
    "(?:身份证|身分证|证件|居民证|护照|社保卡?|医保卡?|就诊卡|一卡通|住院|病历|病案|病例|门诊|门急诊|检查|影像|放射|登记"
    "|就诊|申请|报告单?|条码|流水|病人|患者|病理|住院病历)(?:件)?(?:号码?|编号|ID|字号)|(?:联系)?电话(?:号码)?|手机(?:号码?)?"
    "|受付番号|患者番号|患者ID|検査番号|检査番号|カルテ番号|등록번호|환자번호|병록번호|주민등록번호|전화번호?"
)
_BORN = (
    r"(?i:出生(?:日期|年月日?)?|生日|生年月日|生于|생년월일|\bd\.?o\.?b\.?\b"
    r"|\b(?:date of birth|birth ?date|born(?: on)?)\b"
    r"|\bgeb(?:oren)?(?:\.| am)|\bgeburtsdatum\b|\bfecha de nacimiento\b|\bdata de nascimento\b|\bdata di nascita\b"
    r"|\bdate de naissance\b|\bn[eé]e? le\b"
    r"|\bdn(?=[^\S\n]*[:：])|\bnasc(?:imento)?\b)"
)
_LATIN = (
    r"(?i:\b(?:mrn|pid|ssn|nhs|dni|nif|nie|cpf|cnp|pesel|hkid|curp|nuhsa|iup|crm)\b(?:[ .]?(?:no|nr|number|num)\b)?"
    r"|\b(?:patient(?:en)?|medical record|hospital|accession|acc|passport|phone|fax|telephone|tel|mobile|historia"
    r"|prontu[aá]rio|dossier)[ -]?(?:id|no|nr|num|number|nummer|#)\b"
    r"|\b(?:chart|case|fall|account|visit|encounter|exam(?:ination)?|study|order|report)[ -]?"
    r"(?:id|no|nr|num|number|nummer|#)(?=[ .]*[:：#])"
    r"|\b(?:tel|fax|cel)(?=[ .:]*\(?[+0]\d)|\bcel(?=[ .]*:)"
    r"|\b(?:phone|telephone|tel|fax|mobile|id|nhc|accession)(?=[ .]*[:：#]))"
)
_BEHIND = r"(?:为|是)?[^\S\n]{0,4}[.:：#＃]{0,2}[^\S\n]{0,4}"
_SEQUENCE = r"(?:T[12](?:WI)?|FLAIR|DWI|ADC|SWI)(?![0-9A-Za-z])"
"""What a finding begins with that is written at a number: MR12345-T2WI高信号."""
_VALUE = (
    rf"(?:[A-Za-z]{{0,5}}[-_]?(?=[\d０-９])(?:(?:(?!{_SEQUENCE})[0-9０-９A-Za-z]){{4,}}(?={_SEQUENCE})"
    rf"|[0-9０-９A-Za-z]{{4,}}(?:[-/](?!{_SEQUENCE})[0-9A-Za-z]+)*)"
    r"|\(\d{2,4}\)[- ]?\d{3,5}[- ]?\d{4}|\(?\d{2,4}\)?(?:[- ]\d{2,4}){1,4})"
)
_ANY_DAY = (
    r"(?:(?:民国|昭和|平成|令和|大正)?\d{1,4}\s?[年./-]\s?\d{1,2}\s?[月./-]\s?\d{1,4}日?|(?:19|20)\d{6}"
    r"|\d{1,2}[\s.-]{0,2}(?:de )?[A-Za-z]{3,10}\.?(?: de)?[\s,.-]{1,2}\d{2,4}|[A-Za-z]{3,9}\.?\s\d{1,2},?\s\d{4})"
)
_VALUE_ENDS = rf"(?:{_NO_MORE}|(?={_SEQUENCE}))"
_LABELLED = [
    rf"(?:{_NUMBERED}){_BEHIND}(?P<a>{_VALUE}){_VALUE_ENDS}", rf"{_BORN}{_BEHIND}(?P<b>{_ANY_DAY})(?!\d)",
    rf"{_LATIN}{_BEHIND}(?P<c>{_VALUE}){_VALUE_ENDS}",
    rf"(?:身份证|证件)(?:件)?(?:号码?)?{_BEHIND}(?:ID)?(?P<d>\d{{15}})(?!\d)",
]  # fmt: skip
_PATTERNS = [re.compile(one) for one in (*_SELF_EVIDENT, *_LABELLED)]


def numbers(text: str) -> list[tuple[int, int]]:
    """Return where numbers of persons stand in a text (`comparable`), the label before one left out.

    Examples
    --------
    >>> text = "住院号：0012345，DOB 04/12/1970"
    >>> [text[start:end] for start, end in numbers(text)]
    ['0012345', '04/12/1970']
    """
    found = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            named = next((name for name, value in match.groupdict().items() if value), 0)
            found.append(match.span(named))
    return sorted(found)
