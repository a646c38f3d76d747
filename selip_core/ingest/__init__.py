"""A hospital's export of images and reports into a cohort."""
