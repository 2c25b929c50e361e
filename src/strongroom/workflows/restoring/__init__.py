"""From what somebody wants back to the exact calls that bring it: choose, look at what is there, say what is in the way.

Everything here reads; nothing that could act is called.
"""
