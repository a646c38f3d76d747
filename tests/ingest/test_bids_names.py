"""A BIDS file is what its suffix says, and the label of its acquisition beside it."""

import pytest

from selip_core.ingest.bids_names import BIDS_NAME, sequence_of_bids

WEAK, SUBTRACTION = (None, "diffusion without weighting (b-value 0)"), (None, "a subtraction")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("acq-Gd_T1w", ("T1ce", "")), ("acq-postcontrast_T1w", ("T1ce", "")), ("acq-FLAIR_T2w", ("FLAIR", "")),
        ("acq-tirm_T2w", ("FLAIR", "")), ("acq-b0_dwi", WEAK), ("rec-SUB_T1w", SUBTRACTION),
        ("ce-gd_acq-ax_T1w", ("T1ce", "")),
        # labels that tell nothing of the sequence, or that another image was beside it
        ("acq-highres_T1w", ("T1", "")), ("rec-norm_T1w", ("T1", "")), ("acq-T1_T2w", ("T2", "")),
        ("acq-T1_FLAIR", ("FLAIR", "")), ("acq-multishell_dwi", ("DWI", "")), ("acq-b0b1000_dwi", ("DWI", "")),
        ("acq-fMRI_T1w", ("T1", "")), ("acq-asl_T1w", ("T1", "")),
        ("acq-PD_T2w", ("T2", "")), ("acq-MD_dwi", ("DWI", "")),
        ("acq-C1_T1w", ("T1", "")), ("acq-post1_T1w", ("T1", "")),
        ("acq-lesion_roi", ("mask", "")), ("acq-pre_T1w", ("T1", "")), ("acq-post_T1w", ("T1", "")),
    ],
)  # fmt: skip
def test_the_label_of_an_acquisition_and_the_suffix_are_judged_together(name, found):
    assert sequence_of_bids(BIDS_NAME.fullmatch(f"sub-01_{name}"), f"sub-01/anat/sub-01_{name}.nii.gz") == found


def test_what_was_derived_or_is_no_image_of_ours_is_set_aside():
    reasons = [sequence_of_bids(BIDS_NAME.fullmatch(name), where)[1] for name, where in (
        ("sub-01_task-rest_bold", "a"), ("sub-01_part-phase_T1w", "a"), ("sub-01_desc-n4_T1w", "a"),
        ("sub-01_T1w", "derivatives/x/sub-01"))]  # fmt: skip
    assert all(word in reason for word, reason in zip(("bold", "part", "desc", "derivatives"), reasons, strict=True))


def test_a_label_pre_or_post_counts_where_its_caller_says_so():
    match = BIDS_NAME.fullmatch("sub-01_acq-post_T1w")
    assert sequence_of_bids(match, "a", "post") == ("T1ce", "")
