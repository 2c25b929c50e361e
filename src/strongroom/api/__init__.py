"""The public Python API: one function a verb, typed arguments in, typed results out.

The command line, the pages and other people's scripts call these alike. Import the verb you need, such as
`from strongroom.api.verify import verify`: each module imports only what its verb uses.
"""
