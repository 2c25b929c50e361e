"""The only room of the product that speaks to AWS: sessions, readers, writers, and the one table of AWS's errors.

`sessions.Sessions` opens the door, `organization.read_organization` and `fleet.read` read, `deployment_*` write,
`errors.translate` turns every refusal into one sentence with a hint. Nothing is imported here: botocore takes its time.
"""
