"""Reading what users upload. Nothing here trusts a name, a size or a format that an upload claims."""

from nodes.reading.collection import Inspection, inspect

__all__ = ["Inspection", "inspect"]
