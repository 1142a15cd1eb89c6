"""Whole addresses, for what leaves the browser: QR codes and links that are passed on."""

from fastapi import Request

from engine.application import Application


def whole_address(house: Application, request: Request, path: str) -> str:
    """Below the installation's own address, else below the one that was asked."""
    base = house.settings.url or str(request.base_url).rstrip("/")
    return f"{base}{path}"
