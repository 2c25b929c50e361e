"""FullAWSAccess and RCPFullAWSAccess: what AWS attaches to everything as soon as a type of control policies is enabled.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and orgs_manage_policies_rcps.html
"""

from strongroom.twin.organizations.state import Policy, State

SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"
SERVICE_FULL_ACCESS = "p-FullAWSAccess"
RESOURCE_FULL_ACCESS = "p-RCPFullAWSAccess"

_IDS = {SERVICE_CONTROL: SERVICE_FULL_ACCESS, RESOURCE_CONTROL: RESOURCE_FULL_ACCESS}
_CONTENTS = {
    SERVICE_CONTROL: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    RESOURCE_CONTROL: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
}
_DESCRIPTIONS = {SERVICE_CONTROL: "Allows access to every operation", RESOURCE_CONTROL: "Allows access to every resource"}


def attached_to_new(state: State) -> list[str]:
    """The policies that a new unit or account starts with."""
    return [_IDS[kind] for kind in state.policy_types if kind in _IDS]


def attach_everywhere(state: State, kind: str) -> None:
    """Attach the default policy of an enabled type to the root, every unit and every account; other types have none."""
    if kind not in _IDS:
        return
    policy = Policy(
        id=_IDS[kind],
        name=_IDS[kind].removeprefix("p-"),
        description=_DESCRIPTIONS[kind],
        type=kind,
        content=_CONTENTS[kind],
        aws_managed=True,
    )
    state.policies.setdefault(policy.id, policy)
    for target in (*state.units, *state.accounts):
        attached = state.attachments.setdefault(target, [])
        if policy.id not in attached:
            attached.append(policy.id)
