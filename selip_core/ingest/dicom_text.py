"""The text of a DICOM header: read as what it is, whatever character set it names, and what of it tells a person.

``_NAMES``, ``_IDS`` and ``_PLACES`` are those attributes of PS3.15 Table E.1-1 (Basic Application Level Confidentiality
Profile) by whose value somebody could be found: what a report must not repeat. No attribute of that table is written
into a cohort at all; tests/ingest/test_dicom_text.py goes through the whole table.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from selip_core._utils.encodings import likely_text, readings

if TYPE_CHECKING:
    from pydicom import Dataset

_NAMES = (
    "PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ResponsiblePerson",
    "ReferringPhysicianName", "ConsultingPhysicianName", "PhysiciansOfRecord", "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician", "ScheduledPerformingPhysicianName",
    "NamesOfIntendedRecipientsOfResults", "OrderEnteredBy", "HumanPerformerName", "VerifyingObserverName", "PersonName",
    "CurrentObserverTrial", "VerbalSourceTrial", "ContentCreatorName", "ROIInterpreter", "ReviewerName",
    "InterpretationRecorder", "InterpretationTranscriber", "InterpretationAuthor", "PhysicianApprovingInterpretation",
    "DistributionName", "CameraOwnerName", "TopicAuthor",
)  # fmt: skip
_IDS = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID", "MedicalRecordLocator",
    "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID", "ServiceEpisodeID",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest", "InsurancePlanIdentification",
    "BarcodeValue", "ContainerIdentifier", "SpecimenIdentifier", "SpecimenAccessionNumber", "SlideIdentifier",
    "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID", "DeviceSerialNumber", "SourceSerialNumber",
    "LensSerialNumber", "UniqueDeviceIdentifier", "DeviceAlternateIdentifier", "PatientTelephoneNumbers",
    "PatientTelecomInformation", "PersonTelephoneNumbers", "PersonTelecomInformation", "TelephoneNumberTrial",
    "ReferringPhysicianTelephoneNumbers", "OrderCallbackPhoneNumber", "OrderCallbackTelecomInformation",
    "PatientBirthDate", "PatientBirthDateInAlternativeCalendar",
)  # fmt: skip
_PLACES = (
    "PatientAddress", "PersonAddress", "AddressTrial", "DistributionAddress", "ReferringPhysicianAddress",
    "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "PatientInstitutionResidence",
    "ScheduledPatientInstitutionResidence", "CurrentPatientLocation", "OrderEntererLocation", "ResponsibleOrganization",
    "VerifyingOrganization", "HumanPerformerOrganization", "ClinicalTrialSiteName", "ClinicalTrialSponsorName",
    "ClinicalTrialCoordinatingCenterName", "ScheduledStudyLocation", "RequestedProcedureLocation", "RequestingService",
    "StationName", "PerformedStationName", "ScheduledStationName",
)  # fmt: skip
_SEQUENCES = (
    "OtherPatientIDsSequence", "RequestAttributesSequence", "ReferencedPatientAliasSequence",
    "ReferringPhysicianIdentificationSequence", "PerformingPhysicianIdentificationSequence",
    "OperatorIdentificationSequence", "PhysiciansOfRecordIdentificationSequence", "VerifyingObserverSequence",
    "PhysiciansReadingStudyIdentificationSequence", "ConsultingPhysicianIdentificationSequence",
    "ScheduledPerformingPhysicianIdentificationSequence", "ActualHumanPerformersSequence", "AuthorObserverSequence",
    "ScheduledHumanPerformersSequence", "ParticipantSequence", "CustodialOrganizationSequence",
    "InterpretationApproverSequence", "ResultsDistributionListSequence", "OriginalAttributesSequence",
    "ModifiedAttributesSequence",
)  # fmt: skip
"""Where persons and ids stand one level deeper; each is searched to its end."""

_DELIMITERS = set(rb"^=\\")
"""After which a name begins in its first character set again (PS3.5, 6.1.2.5.3)."""

PERSONAL = (*_NAMES, *_IDS, *_PLACES)
PERSONAL_TAGS = (*PERSONAL, *_SEQUENCES)
"""What has to be read of a file before `personal_values`."""


def header_text(found: "Dataset", keyword: str) -> str:
    """Return the value of an element of a `pydicom.Dataset` as text, in the reading that makes most sense; "" for none.

    Several values are joined as they are in the file, by a backslash.
    """
    data, declared = _bytes_and_text(found, keyword)
    return (declared if data is None else likely_text(data, declared)).strip()


def personal_values(found: "Dataset") -> tuple[str, ...]:
    """Return what a `pydicom.Dataset` tells of persons and places, in every reading and in every way of writing it."""
    values = []
    for dataset in _with_items(found):
        for keyword in PERSONAL:
            values += (form for text in _readings(dataset, keyword) for form in _forms(keyword, text))
    return tuple(dict.fromkeys(values))


def _with_items(found) -> Iterator:
    """Yield a dataset and all that lie in its sequences."""
    from pydicom.datadict import dictionary_VR

    yield found
    for keyword in found.dir():
        element = found.get_item(keyword)
        # files without VRs (implicit ones) leave it open
        if element is not None and (element.VR or dictionary_VR(element.tag)) == "SQ":
            for item in found.get(keyword) or ():
                yield from _with_items(item)


def _bytes_and_text(found, keyword: str) -> tuple[bytes | None, str]:
    """Return the bytes of an element, where they are not converted yet, and its text by the header's character set."""
    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.dataelem import RawDataElement

    element = found.get_item(keyword)
    if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
        data = element.value.rstrip(b"\0 ")
        return data, decode_bytes(data, convert_encodings(found.get("SpecificCharacterSet")), _DELIMITERS)
    value = found.get(keyword)
    several = isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"
    return None, "\\".join(map(str, value)) if several else "" if value is None else str(value)


def _readings(found, keyword: str) -> set[str]:
    data, declared = _bytes_and_text(found, keyword)
    if data is None or data.isascii():
        return {declared}
    return {declared, *(text for text in readings(data).values() if text.isprintable())}


def _forms(keyword: str, text: str) -> list[str]:
    """Return the ways in which a value may be written: each of several, parts of a name, a date with its signs."""
    text = text.strip()
    if "Date" in keyword and re.fullmatch(r"\d{8}", text):
        year, month, day = text[:4], text[4:6], text[6:]
        return [text, f"{year}-{month}-{day}", f"{year}/{month}/{day}", f"{year}.{month}.{day}",
                f"{year}年{int(month)}月{int(day)}日"]  # fmt: skip
    if keyword not in _NAMES:
        return [value for value in (part.strip() for part in text.split("\\")) if len(value) > 1]
    forms = [text]
    for group in re.split(r"[=\\]", text):  # Wang^Wei=王^伟 is one name in two scripts
        parts = [part.strip() for part in group.split("^")]
        orders = [parts[:2], parts[1::-1]] if group.isascii() else [parts[:2]]
        forms += [group.strip(), *parts, *("".join(order) for order in orders), *(" ".join(order) for order in orders)]
    return [form for form in dict.fromkeys(form.strip() for form in forms) if len(form) > 1]
