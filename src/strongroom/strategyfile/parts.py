"""What many parts of the grammar are made of: the base of all models, selections, and shorthands."""

from pydantic import BaseModel, ConfigDict, Field

from strongroom.strategyfile.fields import Arns, Tags, Types


class Part(BaseModel):
    """What all parts of the grammar share: unknown keys are refused."""

    # The docstrings of the fields are for people and editors: `schema` reads them, since pydantic would at each start.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ExclusionPart(Part):
    """Resources to leave out: those that match any of it."""

    tags: Tags = Field(default_factory=dict, min_length=1, examples=[{"environment": "prod"}])
    """Tags, each with one value or several of which any matches. Case-sensitive."""
    types: Types = Field(default=(), examples=[["ec2"]])
    """Resource types."""
    arns: Arns = Field(default=(), examples=[["arn:aws:s3:::scratch-*"]])
    """ARNs, or patterns with *."""


class SelectionPart(Part):
    """Which resources: all tags match, type and ARN are listed where any are, and nothing under `not` matches."""

    tags: Tags = Field(default_factory=dict, min_length=1, examples=[{"environment": "prod"}])
    """Tags that must all match, each with one value or several of which any matches. Case-sensitive."""
    types: Types = Field(default=(), examples=[["rds", "s3"]])
    """Resource types, any of which matches; `all` for every type. Default: every type, when there are tags."""
    arns: Arns = Field(default=(), examples=[["arn:aws:s3:::ledger-*"]])
    """ARNs, or patterns with *, any of which matches; instead of types, because an ARN tells its type."""
    excluded: ExclusionPart = Field(default_factory=ExclusionPart, alias="not")
    """Resources to leave out."""


SELECT = {"tags": {"environment": "prod"}}  # the example of a selection
