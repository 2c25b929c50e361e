"""How AWS Backup behaves: the one account of it, pure, that checks, proof and the twin share.

schedule (cron and time zones), windows (overlapping rules, collisions of plans, maintenance windows), lifecycle (retention, cold
storage, copies), locks (a vault lock as a state machine), continuous (point-in-time recovery), airgapped (air-gapped vaults as
targets), selection (tags, types, opt-in, and verdicts that say what AWS leaves open; selection_columns does the same over tables),
copies (key classes and type support), policies (inheritance of Organizations backup policies, with provenance), jobs (states),
restores, restoretesting, holds (legal holds) and blocks (what EBS snapshots share).
Import the module you need; only selection_columns needs pyarrow.
"""
