"""Which checks of a strategy look at what is in AWS too, and why the others don't."""

from typing import Final

# Of the strategy itself, with the resources of the ledger as inventory: what `check` alone could not know.
OF_THE_STRATEGY: Final = (
    "BKT001",  # a plan selects a bucket without versioning (FM25)
    "BKT002",  # MFA delete and lifecycle rules (FM39)
    "BKT003",  # replication that does not replicate (FM33, FM39)
    "CPY005",  # a resource in a state in which it can't be copied (FM14)
    "REP001",  # a replica without a backup (FM38)
)

# Of plans, and of rules in plans, that are in AWS and not in the strategy.
OF_FOREIGN_PLANS: Final = (
    "BKT001",  # FM25
    "CNT001",  # several rules want the continuous backup of one resource, one of them perhaps declared (FM25)
    "CPY001",  # copies through a vault on the AWS-managed key (FM02)
    "CPY002",  # a type that can't be copied there (FM14)
    "CPY003",  # a resource on an AWS-managed key is copied to another account (FM01)
    "CPY004",  # a copy does not keep what was asked (FM13)
    "CPY005",  # FM14
    "LCK001",  # retention outside of the vault's lock (FM03)
    "LCK002",  # the same of a copy (FM03)
    "LIF001",  # deleted less than 90 days after the move to cold storage (FM12)
    "LIF004",  # cold storage for a type that has none (FM12)
    "LIF005",  # archived more often than monthly (FM12)
    "RET002",  # kept for longer than the strategy allows (FM36)
    "SEL004",  # a plan selects what is in another account or Region (FM37)
    "TYP002",  # ARNs of something that AWS Backup doesn't know (FM32)
    "WIN001",  # start windows of one plan overlap, a declared rule's perhaps (FM11)
)

# A finding about something that nobody declared is never only for information: somebody believes that it protects.
WARNED: Final = frozenset({"CPY004", "LIF004"})

LEFT_OUT: Final = {
    "said by a link of the chain, with what it breaks": (
        *("OPT001", "SEL002"),  # VRF014, VRF010
        *("RPO001", "RPO002", "RET001", "SRV001", "RTO001"),  # promises are judged from recovery points: VRF033, VRF052, restored
    ),
    "said by a live check": (
        *("AGV001", "MNT001", "SEL001", "CRN002", "TYP001", "TYP003"),  # jobs and recovery points tell what came of it
        *("ALT001", "ALT002", "CTW001", "CTW002", "CTW003", "CTW004", "TAG001"),  # topics, baselines and policies as they are
        *("RST001", "RST002", "RST003", "RST004", "RST005", "LCK003", "LCK004"),  # restore jobs and locks as they are
        *("GRD001", "GRD002", "GRD003", "GRD004", "KEY001"),  # what the policies in force allow
        *("UNK001", "UNK002"),  # what was not read is told as unread
    ),
    "AWS refuses it, so that it can't be there": ("CRN001", "LIF002", "NAM001", "NAM002", "POL001", "TZN001"),
    "about cost, which verify does not judge": ("LIF003", "LIF006", "LIF007", "LIF008"),
    "about what the file says alone: check has said it": (
        *("CNT002", "FRM001", "FRM002", "LCK005", "MNT002", "RET003", "SEL003", "SEL005", "UND001"),
        *("REG001", "REG002", "REG003", "REG004", "REG005", "REG006", "REG007", "REG008", "REG009"),
    ),
}
