"""Measures of speed with a budget each; run by `make bench`, never as tests."""
