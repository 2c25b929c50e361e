"""A local AWS organization that behaves, and fails, like AWS Backup: a server process that any AWS client can use.

It is moto (all accounts, Regions and services) with classes of our own where moto has none: AWS Backup that runs,
Organizations backup policies, CloudFormation types and service-managed StackSets, identities, a virtual clock, a call journal.
It stands on `semantics` and `facts`, so it behaves as the checks predict; nothing of the product depends on it.
"""
