"""A plausible company out of a seed: its customers and what they did, as rows for both CRMs."""

from sandbox.company.company import Company
from sandbox.company.populate import populate

__all__ = ["Company", "populate"]
