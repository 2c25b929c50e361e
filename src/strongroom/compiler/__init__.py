"""Strategy -> desired Estate -> CloudFormation templates and Organizations backup policies.

Pure: the same strategy gives the same bytes. `PASSES` is the whole pipeline, in order.
"""

from strongroom.compiler.pipeline import PASSES, compile_strategy
from strongroom.compiler.readrole import READ_ACTIONS, ActionGroup, read_role_template
from strongroom.compiler.template import RESOURCE_TYPES, UnknownResourceType, render_template

__all__ = [
    "PASSES",
    "READ_ACTIONS",
    "RESOURCE_TYPES",
    "ActionGroup",
    "UnknownResourceType",
    "compile_strategy",
    "read_role_template",
    "render_template",
]
