"""The deployed side of a strategy: read it, and carry out the actions of a change plan; one module for each kind of object."""
