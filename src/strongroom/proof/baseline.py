"""What changed since an earlier `verify`: faults that are new, gone, or touch another number of resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongroom.errors import ExitCode
from strongroom.proof.findings import Fault
from strongroom.proof.links import LinkState


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A fault of the earlier `verify`."""

    code: str
    cause: str
    resources: int
    arns: tuple[str, ...]  # the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A fault that was there before and touches another number of resources, or has another cause for the same ones."""

    before: Known
    now: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is different from the earlier `verify`."""

    observed_at: str  # AWS's time of the earlier one
    new: tuple[Fault, ...]
    changed: tuple[Change, ...]
    gone: tuple[Known, ...]

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when something is newly unknown, FINDINGS when something is newly broken or touches more, else PROVEN."""
        worse = [*self.new, *(each.now for each in self.changed if each.now.resources > each.before.resources)]
        if any(fault.state is LinkState.UNKNOWN for fault in worse):
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if worse else ExitCode.PROVEN


def since(document: Mapping[str, Any], faults: Sequence[Fault]) -> Since:
    """Compare faults with those of `Verification.to_json`; raises KeyError or TypeError for another document."""
    known = {
        (each["code"], each["cause"]): Known(code=each["code"], cause=each["cause"], resources=each["resources"], arns=tuple(each["arns"]))
        for each in document["faults"]
    }
    unmatched = dict(known)
    fresh: list[Fault] = []
    changed: list[Change] = []
    for fault in faults:
        before = unmatched.pop((fault.finding.code, fault.finding.message), None)
        if before is None:
            fresh.append(fault)
        elif before.resources != fault.resources:
            changed.append(Change(before=before, now=fault))
    new: list[Fault] = []
    for fault in fresh:  # a cause may name a date or a number: the same code for the same first resource is the same fault
        same = next((key for key, each in unmatched.items() if key[0] == fault.finding.code and each.arns[:1] == fault.arns[:1]), None)
        if same is None:
            new.append(fault)
        else:
            changed.append(Change(before=unmatched.pop(same), now=fault))
    return Since(observed_at=document["observed_at"], new=tuple(new), changed=tuple(changed), gone=tuple(unmatched.values()))
