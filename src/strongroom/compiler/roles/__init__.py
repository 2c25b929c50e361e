"""The IAM roles of a strategy: those that AWS Backup assumes, those of people and programs, and the one that deploys.

`stacks.with_roles` is the pass; a role is made in each account once, so only in the home Region.
"""
