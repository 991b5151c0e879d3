"""Loopback: the one place where plain http is allowed, for the sandbox on this machine."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether the host of `url` can only be this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """Scheme, host and port of `url`; raises `ValueError` for anything else in it, and for http beyond this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not an address such as https://acme.my.salesforce.com")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{url!r} must be the address of a host, with nothing behind it")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError(f"{url!r} would send the secret in the clear: http is for this machine only, use https")
    return f"{parts.scheme}://{parts.netloc}"
