"""The vocabulary of Strongroom: frozen data without I/O and without a clock.

Every other room speaks in these nouns. Nothing here imports anything but the standard library and `errors`.
"""
