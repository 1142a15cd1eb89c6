"""Finds the data that belongs to the engine: workflow files, calendars, migrations.

A checkout wins over what a wheel carries, so that an edited file is the one that runs.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent
_BUNDLED = _HERE / "_bundled"


def folder(name: str) -> Path:
    """The folder `name` (``workflows``, ``migrations``) of the checkout, or else of the installed wheel.

    Errors: `FileNotFoundError` when there is neither, which means a broken installation.
    """
    in_checkout = _CHECKOUT / name
    if (_CHECKOUT / "pyproject.toml").is_file() and in_checkout.is_dir():
        return in_checkout
    bundled = _BUNDLED / name
    if bundled.is_dir():
        return bundled
    raise FileNotFoundError(f"{name}: neither in {_CHECKOUT} nor in {_BUNDLED}")


def workflows() -> Path:
    """Where the workflow files live, with ``posts.yaml``, ``calendars/`` and ``indicators/``."""
    return folder("workflows")


def migrations() -> Path:
    """Where alembic's environment and versions live."""
    return folder("migrations")
