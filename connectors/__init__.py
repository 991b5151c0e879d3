"""Connectors: the only network I/O. A CRM is a folder here; `connect` opens one."""

import difflib
import importlib
import pkgutil

from pydantic import BaseModel

from connectors.clock import SystemTime, Time
from connectors.protocol import CrmConnector, Progress, SecretStore

__all__ = ["CrmConnector", "Progress", "SecretStore", "SystemTime", "Time", "available", "connect", "settings_model"]


def available() -> tuple[str, ...]:
    """The CRMs there are: the folders of this package."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def settings_model(crm: str) -> type[BaseModel]:
    """The settings that `crm` takes; does not import its SDK. Raises `ValueError` for an unknown CRM."""
    model: type[BaseModel] = importlib.import_module(f"connectors.{_known(crm)}.settings").Settings
    return model


def connect(
    crm: str,
    settings: BaseModel,
    *,
    time: Time,
    progress: Progress | None = None,
    secrets: SecretStore | None = None,
) -> CrmConnector:
    """A connector for validated settings and one run; it does not call the CRM before it is used.

    `progress` and `secrets` are what outlives the run (`connectors.protocol`); without them nothing does.
    """
    model = settings_model(crm)
    if not isinstance(settings, model):
        raise TypeError(f"connecting to {crm} takes its own Settings, not {type(settings).__name__}")
    module = importlib.import_module(f"connectors.{crm}.connector")
    connector: CrmConnector = module.Connector(settings, time=time, progress=progress, secrets=secrets)
    return connector


def _known(crm: str) -> str:
    if crm in available():
        return crm
    near = difflib.get_close_matches(crm, available(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"there is no connector for {crm!r} (available: {', '.join(available())}){hint}")
