"""What watches the twin's backups: EventBridge, SNS, SQS and CloudWatch, fed by jobs and driven by the virtual clock.

moto keeps the rules, topics, queues and alarms; here is what it lacks: who may send to whom, AWS's own metrics, alarms that are
evaluated, mail. `install` puts it in.
"""

import strongroom.twin.backup  # noqa: F401 - whole before any module here: its engine calls them, they read its world
