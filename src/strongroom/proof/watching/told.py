"""Obstacles as findings: one for each reason, whatever the number of topics and queues that share it."""

from collections.abc import Callable, Iterator

from strongroom.domain.names import Arn
from strongroom.proof.links import LinkState
from strongroom.proof.live.check import Lack
from strongroom.proof.watching.delivery import Obstacle
from strongroom.proof.watching.judged import Watched

SHOWN = 3


def lacks(found: Watched, wanted: Callable[[Obstacle], bool], kind: str) -> Iterator[Lack]:
    """Yield a lack for each reason of the obstacles wanted; its count is the number of alarms, rules and vaults that meet it."""
    groups: dict[tuple[str, bool], list[Obstacle]] = {}
    for obstacle in found.obstacles:
        if wanted(obstacle):
            groups.setdefault((obstacle.message, obstacle.certain), []).append(obstacle)
    for (message, certain), obstacles in groups.items():
        places = [Arn.parse(arn) for arn in dict.fromkeys(each.arn for each in obstacles)]
        names = [f"{kind} {place.resource.rpartition('/')[2]} in {place.region}" for place in places]
        who = " and ".join(sorted({each.who for each in obstacles}))
        yield Lack(
            subject=", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""),
            message=message.replace("{who}", who),
            account_id=places[0].account,
            region=places[0].region,
            arn=obstacles[0].arn,
            count=sum(found.obstacles[each] for each in obstacles),
            state=LinkState.BROKEN if certain else LinkState.UNKNOWN,
        )
