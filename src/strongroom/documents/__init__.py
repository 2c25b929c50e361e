"""Documents that others wrote (Organizations policies, plans, selections, templates, Terraform) -> estates and findings.

`load` reads files and folders, `parse` a text, `load_access` who may do what; `recognize` tells the kind from the keys, `explain` says
what a finding's code means. Bytes -> nodes with places (`reading`) -> drafts by the grammar of each kind -> estates (`assembly`). What
a document doesn't say is in `Estate.unknown` or Unread, and in a finding; no check takes it for a pass.
"""

from strongroom.documents.accessloading import load_access
from strongroom.documents.codes import CODES, UNKNOWN, explain
from strongroom.documents.kinds import Kind, choices, recognize
from strongroom.documents.loading import Loaded, Part, load, parse

__all__ = ["CODES", "UNKNOWN", "Kind", "Loaded", "Part", "choices", "explain", "load", "load_access", "parse", "recognize"]
