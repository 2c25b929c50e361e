"""The strategy file: text -> a `Strategy`, or findings with the line and column of every mistake.

`parse` and `load` return all findings at once and never a half-read strategy; `json_schema` is the grammar for editors,
`template` a first file, `absent_files` what it names and isn't there, `explain` the meaning of a finding's code (YML and STR).
`days` and `minutes` read durations, `validation` a validator that is named alone.
Source -> nodes (`reading`) -> values by the grammar (`grammar`, `models`, `values`) and relations between parts (`relations`)
-> the domain's types (`conversion`).
"""

from strongroom.strategyfile.absent import absent_files
from strongroom.strategyfile.codes import CODES, explain
from strongroom.strategyfile.durations import days, minutes
from strongroom.strategyfile.parsing import Parsed, load, parse
from strongroom.strategyfile.schema import json_schema
from strongroom.strategyfile.templates import EXAMPLES, TEMPLATES, companions, template
from strongroom.strategyfile.validationconversion import named as validation

__all__ = [
    "CODES",
    "EXAMPLES",
    "TEMPLATES",
    "Parsed",
    "absent_files",
    "companions",
    "days",
    "explain",
    "json_schema",
    "load",
    "minutes",
    "parse",
    "template",
    "validation",
]
