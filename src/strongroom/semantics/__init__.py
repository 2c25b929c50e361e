"""How AWS Backup behaves: the one account of it, pure, that checks, proof and the twin share.

schedule (cron and time zones), windows (overlapping rules), lifecycle (retention, cold storage, copies, locks), selection (tags,
types, opt-in; selection_columns does the same over tables), copies (key classes and type support), policies (inheritance of
Organizations backup policies) and jobs (states). Import the module you need; only selection_columns needs pyarrow.
"""
