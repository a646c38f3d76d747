"""Reports in free text to findings and canonical sentences, and back."""
