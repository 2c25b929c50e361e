"""What comes: pure computations over a compiled estate, with `now` as an argument.

calendar (every run of the next days, lost ones marked; calendar_page and icalendar write it as HTML and iCalendar), policydiff (which
tag values and types gain or lose what protection), lockrehearsal (which jobs fail under a vault lock, what it commits until when) and
provenance (which policy set each value of an effective policy). `counting` and `stored` ask a snapshot of the ledger the numbers
that belong to them; only these two need DuckDB, so import the module you need.
"""
