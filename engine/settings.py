"""Settings, from the environment only; each has a default that works on one machine."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import store
from engine.errors import Malformed, Place
from engine.vocabulary import ALGORITHMS

#: Days that a task link may last at most.
LONGEST_LINK = 90
#: Minutes that a session may lie unused at most: a working day.
LONGEST_IDLE = 720

#: Datums that tiles of the usual grid come in; BD-09 has a grid of its own.
TILE_DATUMS = ("wgs84", "cgcs2000", "gcj02")

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9./-]*)?")

_TILES = re.compile(r"https?://(\{s\}\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s\"'<>;]*")

_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_QUIET = re.compile(rf"none|{_TIME}-{_TIME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation decides for itself."""

    #: `sqlite:///path` or `postgresql+psycopg://…`.
    database_url: str
    #: A streaming replica of the same PostgreSQL, for boards and figures; "" for none.
    database_read: str = ""
    #: Uploads and other files of this installation.
    data: Path
    #: Where uploads are kept: a folder, `s3://bucket/prefix?endpoint=…`, or "" for `uploads` in the data folder.
    store: str = ""
    #: A font file with Chinese for the marks on thumbnails; none for one of this machine's.
    font: Path | None = None
    #: Hash algorithm of new events: sha256 or sm3.
    hash_algorithm: str = "sha256"
    #: Connections kept open to PostgreSQL by one process; about twice the cores of the server.
    pool: int = 4
    #: What stands between this process and PostgreSQL: "" nothing, or a pooler that lends a connection for a
    #: `session`; `transaction` for one that lends it for a transaction at a time.
    pooler: str = ""
    #: Where pages take htmx and friends from: `cdn` or `local`.
    assets: str = "cdn"
    #: Where `huying serve` leaves the background work: `inside` its own process, `apart` in `huying schedule`, or ""
    #: for inside on SQLite and apart on PostgreSQL.
    scheduler: str = ""
    #: A file with seconds by which the clock is moved: for drills only.
    clock_shift: Path | None = None
    #: Anyone may sign in as anyone: only for the demo district.
    demo: bool = False
    #: What leaves the house: `null` nothing, `apprise` messages to the destinations of their people.
    notify: str = "null"
    #: Where links in messages begin, without a slash at the end; empty for messages without links.
    url: str = ""
    #: Quiet hours of whoever wished none of their own, from–to by the local clock, or `none`.
    quiet: str = "21:30-07:30"
    #: The folder of rhythm files; none for those that are shipped.
    rhythms: Path | None = None
    #: The folder of sample files; none for those that are shipped.
    samples: Path | None = None
    #: Days that a task link opens its task, if that is not settled before.
    link_days: int = 15
    #: Where map tiles come from, as `https://host/{z}/{x}/{y}.png`; "" for maps of outlines alone.
    tiles: str = ""
    #: Whose tiles these are, shown on the map.
    tiles_credit: str = ""
    #: The datum of the tiles, of `TILE_DATUMS`.
    tiles_datum: str = "wgs84"
    #: The file of the key that signs seals; none for `seal.key` in the data folder.
    seal_key: Path | None = None
    #: The file of the key by which reporters are told apart; none for `reporter.key` in the data folder.
    reporter_key: Path | None = None
    #: When the daily seal is made, by the local clock.
    seal_at: str = "02:30"
    #: Days that messages and notices are kept.
    keep_messages: int = 730
    #: Days that an upload is kept which no ticket uses.
    keep_uploads: int = 30
    #: Minutes after which a session that nobody uses is over.
    idle: int = 60
    #: Figures that count fewer than so many are put in no order.
    rank_from: int = 30

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `HUYING_DATABASE`, `HUYING_DATABASE_READ`, `HUYING_DATA`, `HUYING_STORE`, `HUYING_FONT`, `HUYING_HASH`,
        `HUYING_POOL`, `HUYING_POOLER`, `HUYING_ASSETS`, `HUYING_SCHEDULER`, `HUYING_CLOCK_SHIFT`, `HUYING_DEMO`,
        `HUYING_NOTIFY`, `HUYING_URL`, `HUYING_QUIET`, `HUYING_RHYTHMS`, `HUYING_SAMPLES`, `HUYING_LINK_DAYS`,
        `HUYING_TILES`, `HUYING_TILES_CREDIT`, `HUYING_TILES_DATUM`, `HUYING_SEAL_KEY`, `HUYING_SEAL_AT`,
        `HUYING_RANK_FROM`, `HUYING_REPORTER_KEY`, `HUYING_KEEP_MESSAGES`, `HUYING_KEEP_UPLOADS`, `HUYING_IDLE`.
        Each may also be the first line of the file that the variable with `_FILE` behind it names.

        Errors: `Malformed` naming the variable.
        """
        env = _with_files(os.environ if environment is None else environment)
        data = Path(env.get("HUYING_DATA", "var"))
        shift = env.get("HUYING_CLOCK_SHIFT", "")
        quiet = env.get("HUYING_QUIET", "21:30-07:30")
        if not _QUIET.fullmatch(quiet):
            raise _wrong("HUYING_QUIET", quiet)
        seal_at = env.get("HUYING_SEAL_AT", "02:30")
        if not re.fullmatch(_TIME, seal_at):
            raise _wrong("HUYING_SEAL_AT", seal_at)
        return cls(
            database_url=env.get("HUYING_DATABASE", f"sqlite:///{data / 'huying.db'}"),
            database_read=_read_from(env),
            data=data,
            store=store.check(env.get("HUYING_STORE", "")),
            font=_font(env.get("HUYING_FONT", "")),
            hash_algorithm=_one_of(env, "HUYING_HASH", "sha256", tuple(ALGORITHMS)),
            pool=_whole(env, "HUYING_POOL", 4, 100),
            pooler=_one_of(env, "HUYING_POOLER", "", ("", "session", "transaction")),
            assets=_one_of(env, "HUYING_ASSETS", "cdn", ("cdn", "local")),
            scheduler=_one_of(env, "HUYING_SCHEDULER", "", ("", "inside", "apart")),
            clock_shift=Path(shift) if shift else None,
            demo=env.get("HUYING_DEMO", "") in ("1", "true", "yes"),
            notify=_one_of(env, "HUYING_NOTIFY", "null", ("null", "apprise")),
            url=_address(env.get("HUYING_URL", "")),
            quiet=quiet,
            rhythms=Path(env["HUYING_RHYTHMS"]) if env.get("HUYING_RHYTHMS") else None,
            samples=Path(env["HUYING_SAMPLES"]) if env.get("HUYING_SAMPLES") else None,
            link_days=_whole(env, "HUYING_LINK_DAYS", 15, LONGEST_LINK),
            tiles=_tiles(env.get("HUYING_TILES", "")),
            tiles_credit=env.get("HUYING_TILES_CREDIT", "")[:200],
            tiles_datum=_datum(env.get("HUYING_TILES_DATUM", "wgs84")),
            seal_key=Path(env["HUYING_SEAL_KEY"]) if env.get("HUYING_SEAL_KEY") else None,
            reporter_key=Path(env["HUYING_REPORTER_KEY"]) if env.get("HUYING_REPORTER_KEY") else None,
            seal_at=seal_at,
            keep_messages=_whole(env, "HUYING_KEEP_MESSAGES", 730, 36_500),
            keep_uploads=_whole(env, "HUYING_KEEP_UPLOADS", 30, 3_650),
            rank_from=_whole(env, "HUYING_RANK_FROM", 30, 1_000_000),
            idle=_whole(env, "HUYING_IDLE", 60, LONGEST_IDLE),
        )

    @property
    def seal_key_file(self) -> Path:
        """Where the key that signs seals is, or would be."""
        return self.seal_key or self.data / "seal.key"

    @property
    def reporter_key_file(self) -> Path:
        """Where the key by which reporters are told apart is, or would be."""
        return self.reporter_key or self.data / "reporter.key"

    @property
    def schedules_inside(self) -> bool:
        """Whether serving includes the background work."""
        return self.scheduler == "inside" or (not self.scheduler and self.database_url.startswith("sqlite"))


def _with_files(given: Mapping[str, str]) -> dict[str, str]:
    """The variables, those that are kept in files among them: secrets that no list of processes shows.

    Errors: `Malformed` for a file that can't be read, and for a variable that is given twice.
    """
    env = dict(given)
    for name, path in given.items():
        plain = name.removesuffix("_FILE")
        if not name.startswith("HUYING_") or plain == name or not path:
            continue
        if plain in given:
            raise Malformed(f"{plain} 与 {name} 只能设一个", f"set one of {plain} and {name}", place=Place(field=name))
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as failure:
            raise Malformed(
                f"{name} 所指的文件无法读取", f"the file of {name} cannot be read", place=Place(file=path)
            ) from failure
        env[plain] = lines[0].strip() if lines else ""
    return env


def _one_of(env: Mapping[str, str], name: str, default: str, allowed: Collection[str]) -> str:
    value = env.get(name, default)
    if value not in allowed:
        raise _wrong(name, value)
    return value


def _whole(env: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`, in plain digits."""
    value = env.get(name, str(default))
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and 1 <= int(value) <= most):
        raise _wrong(name, value)
    return int(value)


def _read_from(env: Mapping[str, str]) -> str:
    """A replica, which only PostgreSQL has."""
    value = env.get("HUYING_DATABASE_READ", "")
    both = (value, env.get("HUYING_DATABASE", ""))
    if value and not all(url.startswith(("postgresql:", "postgresql+")) for url in both):
        raise _wrong("HUYING_DATABASE_READ", _without_password(value))
    return value


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _font(value: str) -> Path | None:
    """A file that is there; what it holds is seen when it is first drawn with."""
    if value and not Path(value).is_file():
        raise _wrong("HUYING_FONT", value)
    return Path(value) if value else None


def _address(value: str) -> str:
    """Where a browser finds the pages; no sign in it means anything to a chat that reads markup."""
    if value and not _ADDRESS.fullmatch(value):
        raise _wrong("HUYING_URL", value)
    return value.rstrip("/")


def _tiles(value: str) -> str:
    """A template that names column, row and zoom; its host goes into a header, so nothing else may stand there."""
    if value and not (_TILES.fullmatch(value) and all(part in value for part in ("{x}", "{y}", "{z}"))):
        raise _wrong("HUYING_TILES", value)
    return value


def _datum(value: str) -> str:
    if value not in TILE_DATUMS:
        raise _wrong("HUYING_TILES_DATUM", value)
    return value


def _wrong(name: str, value: str) -> Malformed:
    return Malformed(
        f"设置 {name} 的值“{value}”无效", f"the setting {name} cannot be '{value}'", place=Place(field=name)
    )
