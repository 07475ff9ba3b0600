"""
The plant behind the emulated boards: SimBench's grid and profiles, water heaters,
batteries, and the chips that measure and steer them. docs/plant.md says what is
modelled and what is not.
"""

from .baseline import baseline, outcome
from .benefit import benefit
from .household import Energy
from .plant import Plant, build
from .site import Site

__all__ = ["Energy", "Plant", "Site", "baseline", "benefit", "build", "outcome"]
