"""CloudFormation of the twin: stacks that roll back, and service-managed StackSets that enrol accounts moved into their targets.

`install()` puts it in place of moto's. Resource types are an explicit table: our own for AWS Backup, KMS and IAM, moto's for the rest;
anything else is refused, as AWS refuses it.
"""

from strongroom.twin.cloudformation.wire import install

__all__ = ["install"]
