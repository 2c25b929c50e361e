"""What is inside of resources, as validators and manifests see it: a name and a SHA-256 for each item, object and block.

Everything here only reads, but for the temporary snapshot through which `blocks` reads a volume.
"""
