"""`test` as a durable workflow: recovery points are picked, restored, examined, documented and taken away again, whatever comes between.

What a crash leaves: the run is stored with what each step found; `resume` goes on without a second restore and cleans up. A run that nobody
resumes leaves resources behind that carry its tag, by which later tests and `test --clean` find them.
"""

from strongroom.workflows.testing.byaws import AwsTested, test_by_aws
from strongroom.workflows.testing.cleaning import EXPIRES, Left, clean_leftovers, earlier_leftovers
from strongroom.workflows.testing.orders import Subject, TestOrder, Untested, Way
from strongroom.workflows.testing.running import Tested, resume_test, start_test
from strongroom.workflows.testing.steps import KEPT, Means, planned

__all__ = [
    "EXPIRES",
    "KEPT",
    "AwsTested",
    "Left",
    "Means",
    "Subject",
    "TestOrder",
    "Tested",
    "Untested",
    "Way",
    "clean_leftovers",
    "earlier_leftovers",
    "planned",
    "resume_test",
    "start_test",
    "test_by_aws",
]
