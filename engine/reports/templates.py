"""A unit's own Word templates: checked before they count, kept by what they hold, taken out to be changed."""

import hashlib
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import Malformed, NotFound, Place, TooLarge
from engine.records import administration, report_templates
from engine.records.administration import AdminDeed, NewAct
from engine.records.documents import DocumentKind
from engine.records.report_templates import Template
from engine.reports import word
from engine.reports.bulletin_files import template_of
from engine.reports.samples import SAMPLES

TITLES: Final = {
    DocumentKind.BULLETIN: Title("月度通报", "Monthly bulletin"),
    DocumentKind.LETTER: Title("督办单、提醒函", "Letters of supervision"),
    DocumentKind.SLIP: Title("交办单", "Dispatch slip"),
    DocumentKind.MINUTES: Title("会议纪要", "Minutes"),
}
_CHUNK = 64 * 1024


def kind_of(name: str) -> DocumentKind:
    """A kind by its word. Errors: `NotFound`."""
    if name not in DocumentKind.__members__.values():
        raise NotFound("没有这种文书", "there is no such kind of document")
    return DocumentKind(name)


def bring(house: Application, person_id: int, kind: DocumentKind, name: str, stream: BinaryIO) -> None:
    """Put a template in force after it was filled with sample values.

    Errors: `TooLarge`, `Malformed` saying what is wrong and where, `StoreUnreachable`.
    """
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "template.docx"
        size, digest = 0, hashlib.sha256()
        with path.open("wb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > word.LARGEST:
                    raise TooLarge("模板超过 5 MB", "the template is larger than 5 MB", place=Place(field="file"))
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise Malformed("文件是空的", "the file is empty", place=Place(field="file"))
        word.check(path, SAMPLES[kind])
        house.store.keep(report_templates.key(digest.hexdigest()), path)
    _put(house, person_id, kind, digest.hexdigest(), name, size)


def go_back(house: Application, person_id: int, kind: DocumentKind) -> None:
    """The template that is shipped counts again."""
    _put(house, person_id, kind, "", "", 0)


def _put(house: Application, person_id: int, kind: DocumentKind, sha256: str, name: str, size: int) -> None:
    now = house.clock.now()
    new = Template(kind=kind, sha256=sha256, name=name[:200], size=size, person_id=person_id, at=now)
    act = NewAct(person_id=person_id, deed=AdminDeed.TEMPLATE, subject=kind.value, file=name[:200], sha256=sha256)

    def work(transaction: Transaction) -> None:
        report_templates.bring(transaction, new)
        administration.record(transaction, act, now)

    house.database.acting(work)


def taken(house: Application, kind: DocumentKind) -> bytes:
    """The template that counts, as a file."""
    with tempfile.TemporaryDirectory(prefix="huying-") as folder, house.database.looking() as transaction:
        return template_of(house, transaction, kind, Path(folder)).read_bytes()
