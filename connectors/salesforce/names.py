"""Names of our own fields in Salesforce: `BonusMalus_Previous_Tier__c`."""

from connectors.protocol import FieldSet

_LONGEST = 40  # characters of a custom field's name before __c


def words(text: str) -> str:
    """`bonus malus` as `BonusMalus`."""
    return "".join(word[:1].upper() + word[1:] for word in text.replace("-", " ").replace("_", " ").split())


def field_name(prefix: str, name: str) -> str:
    """The API name of one of our fields; raises `ValueError` when Salesforce cannot have it."""
    api_name = "_".join((words(prefix), *(word[:1].upper() + word[1:] for word in name.split("_"))))
    if len(api_name) > _LONGEST:
        raise ValueError(f"{api_name}__c is longer than the {_LONGEST} characters of a Salesforce field name")
    return f"{api_name}__c"


def permission_set(fields: FieldSet) -> tuple[str, str]:
    """API name and label of the permission set that shows and opens our fields."""
    return f"{words(fields.prefix)}_Sync", f"{fields.label} Sync"


def read_set(fields: FieldSet) -> tuple[str, str]:
    """API name and label of the permission set for those who read scores; an administrator assigns it."""
    return f"{words(fields.prefix)}_Read", f"{fields.label} Read"
