"""Addresses: whole ones for what leaves the browser (QR codes, links passed on), and whence a request comes."""

import hashlib
from ipaddress import IPv6Address, ip_address

from fastapi import Request

from engine.application import Application


def whole_address(house: Application, request: Request, path: str) -> str:
    """Below the installation's own address, else below the one that was asked."""
    base = house.settings.url or str(request.base_url).rstrip("/")
    return f"{base}{path}"


def address_of(request: Request) -> str:
    """A digest of the address that a request comes from; of IPv6 the half that a subscriber is given."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return _digest(host)
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return _digest(str(mapped) if mapped else address.packed[:8].hex())
    return _digest(str(address))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
