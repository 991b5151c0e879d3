"""Names of our own properties in HubSpot: `bonus_malus_previous_tier` in the group `bonus_malus`."""


def group_name(prefix: str) -> str:
    """`bonus malus` as `bonus_malus`."""
    return "_".join(prefix.lower().replace("-", " ").split())


def property_name(prefix: str, name: str) -> str:
    """The internal name of one of our properties; lower case, as HubSpot makes them all."""
    return f"{group_name(prefix)}_{name}"
