"""Settings, from the environment only; each has a default that works on one machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Malformed, Place
from engine.vocabulary import ALGORITHMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation decides for itself."""

    #: `sqlite:///path` or `postgresql+psycopg://…`.
    database_url: str
    #: Uploads and other files of this installation.
    data: Path
    #: Hash algorithm of new events: sha256 or sm3.
    hash_algorithm: str = "sha256"
    #: Connections kept open to PostgreSQL by one process; about twice the cores of the server.
    pool: int = 4
    #: Where pages take htmx and friends from: `cdn` or `local`.
    assets: str = "cdn"
    #: Anyone may sign in as anyone: only for the demo district.
    demo: bool = False
    #: The folder of rhythm files; none for those that are shipped.
    rhythms: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `HUYING_DATABASE`, `HUYING_DATA`, `HUYING_HASH`, `HUYING_POOL`, `HUYING_ASSETS`, `HUYING_DEMO`,
        `HUYING_RHYTHMS`.

        Errors: `Malformed` naming the variable.
        """
        env = os.environ if environment is None else environment
        data = Path(env.get("HUYING_DATA", "var"))
        algorithm = env.get("HUYING_HASH", "sha256")
        if algorithm not in ALGORITHMS:
            raise _wrong("HUYING_HASH", algorithm)
        pool = env.get("HUYING_POOL", "4")
        if not pool.isdecimal() or not 1 <= int(pool) <= 100:
            raise _wrong("HUYING_POOL", pool)
        assets = env.get("HUYING_ASSETS", "cdn")
        if assets not in ("cdn", "local"):
            raise _wrong("HUYING_ASSETS", assets)
        return cls(
            database_url=env.get("HUYING_DATABASE", f"sqlite:///{data / 'huying.db'}"),
            data=data,
            hash_algorithm=algorithm,
            pool=int(pool),
            assets=assets,
            demo=env.get("HUYING_DEMO", "") in ("1", "true", "yes"),
            rhythms=Path(env["HUYING_RHYTHMS"]) if env.get("HUYING_RHYTHMS") else None,
        )


def _wrong(name: str, value: str) -> Malformed:
    return Malformed(
        f"设置 {name} 的值“{value}”无效", f"the setting {name} cannot be '{value}'", place=Place(field=name)
    )
