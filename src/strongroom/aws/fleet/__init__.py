"""Read the live state of every account and Region of an organization into the tables of `domain.tables`.

`reading` gives out `orders`; the `crowd` carries them out, with the threads of a `hand` here or in `worker` processes; what is done lies
on a `shelf`, where a stopped reading can be taken up (`unfinished`), and is `merging` into tables, with what an `earlier` snapshot spares.
"""

from strongroom.aws.fleet.orders import ACCOUNT_SUBJECTS, SUBJECTS
from strongroom.aws.fleet.reading import Fleet, Gathered, gather, read

__all__ = ["ACCOUNT_SUBJECTS", "SUBJECTS", "Fleet", "Gathered", "gather", "read"]
