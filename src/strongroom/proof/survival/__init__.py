"""Survivability: what has to go wrong before data are lost."""

from strongroom.proof.survival.patterns import ANY_NUMBER, OWN, Copy, Improvement, Standing, words
from strongroom.proof.survival.places import Place
from strongroom.proof.survival.surviving import DAYS, Held, Pattern, Reaching, Survival, survive, survive_one

__all__ = [
    "ANY_NUMBER",
    "DAYS",
    "OWN",
    "Copy",
    "Held",
    "Improvement",
    "Pattern",
    "Place",
    "Reaching",
    "Standing",
    "Survival",
    "survive",
    "survive_one",
    "words",
]
