"""Errors that the user is meant to read."""


class SelipError(Exception):
    """Something is wrong with the input or the options; the message says what, where and what to do."""
