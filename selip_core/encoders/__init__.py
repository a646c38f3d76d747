"""The model: image and text encoders in one space, its files, and their use on many volumes."""
