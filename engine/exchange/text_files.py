"""CSV: text in one of the encodings that Chinese offices use, cells between one of the usual separators."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

SEPARATORS = ",\t;|，"

_CHUNK = 1 << 20
#: Of the Chinese signs of a GB18030 file, so many in a hundred are among the 7,445 of GB 2312.
_ORDINARY = 90
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
          (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"))  # fmt: skip


#: What a spreadsheet takes for a formula, or what was guarded against that; plain negative numbers are neither. A
#: Chinese Excel knows the wide signs too, and some programs look behind blanks.
_FORMULA = re.compile(r"'*\s*(?:[\t\r=@＝＠]|[+\-＋－](?!\d+(\.\d+)?$))")


class BadText(Exception):
    """What is wrong with a text file, in both languages; `row` is 0 where none is meant."""

    def __init__(self, zh: str, en: str, row: int = 0) -> None:
        super().__init__(en)
        self.zh, self.en, self.row = zh, en, row


@contextmanager
def rows_of(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """The encoding of a CSV file and its rows, cells trimmed. Errors: `BadText`."""
    codec, shown = encoding_of(path)
    with path.open(encoding=codec, newline="") as file:
        separator = _separator(islice(file, 20))
        file.seek(0)
        yield shown, _rows(csv.reader(file, delimiter=separator, strict=True))


def write(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a CSV that Excel opens as UTF-8; how many rows."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_guarded(header) for header in headers])
        for row in rows:
            writer.writerow([_guarded(cell) for cell in row])
            count += 1
    return count


def encoding_of(path: Path) -> tuple[str, str]:
    """Python's name and people's name of a text file's encoding, the whole file having been read in it.

    Errors: `BadText` when none fits; a file that merely doesn't fail in GB18030 is not taken for one.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, codec, shown in _MARKS:
        if start.startswith(mark):
            wrong = _first_wrong(path, codec)
            if wrong is not None:
                raise BadText(
                    f"文件标明是 {shown}，但第 {wrong} 行无法解读",
                    f"the file says it is {shown} but row {wrong} isn't",
                    wrong,
                )
            return codec, shown
    wrong = _first_wrong(path, "utf-8")
    if wrong is None:
        return "utf-8", "UTF-8"
    if _first_wrong(path, "gb18030") is None and _reads_as_chinese(path):
        return "gb18030", "GB18030"
    raise BadText(
        f"第 {wrong} 行既不是 UTF-8 也不是 GB18030 编码，请另存为“CSV UTF-8”",
        f"row {wrong} is neither UTF-8 nor GB18030: save the file as 'CSV UTF-8'",
        wrong,
    )


def _first_wrong(path: Path, codec: str) -> int | None:
    """The line of the first byte that is not of this encoding; None if all are."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if "\x00" in text:
                raise BadText("这是二进制文件，不是表格", "this is a binary file, no table")
            line += text.count("\n")
            if not chunk:
                return None


def _reads_as_chinese(path: Path) -> bool:
    """Whether what GB18030 makes of the file looks like what people write: nearly every byte fits that encoding."""
    with path.open(encoding="gb18030", newline="") as file:
        signs = [sign for sign in file.read(_CHUNK) if not sign.isascii()]
    return sum(_ordinary(sign) for sign in signs) * 100 >= len(signs) * _ORDINARY


def _ordinary(sign: str) -> bool:
    try:
        return bool(sign.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _separator(lines: Iterable[str]) -> str:
    """The sign that separates most cells in the first line that has any, outside of quotes."""
    for line in lines:
        bare = "".join(line.split('"')[::2])
        counts = {separator: bare.count(separator) for separator in SEPARATORS}
        best = max(SEPARATORS, key=lambda separator: counts[separator])
        if counts[best]:
            return best
    return ","


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadText(
                f"第 {number + 1} 行的引号不成对，或引号之后还有文字",
                f"row {number + 1}: a quote is not closed, or text follows a closing quote ({error})",
                number + 1,
            ) from error
        number += 1
        yield [_unguarded(cell.strip()) for cell in row]


def _guarded(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
