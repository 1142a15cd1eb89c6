"""A register file becomes a `Register`, or is refused with every problem it has.

load(path) → Register · loads(text, file="…") → Register · discover(folder) → every register there, by key
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from engine import resources
from engine.definitions import source, words
from engine.definitions.declarations import declared_field
from engine.definitions.model import Field, FieldType, Title
from engine.definitions.reading import Reader, Word
from engine.definitions.register import FIELD_TYPES, Register
from engine.definitions.register_grammar import GRAMMAR
from engine.definitions.source import Entry, Node
from engine.errors import DefinitionError, Place

FORMAT = 1
#: What the columns of every table of rows are called besides its fields.
OWN_COLUMNS = ("code", "since", "until")


class RegisterReader(Reader):
    """Gathers what is wrong, as `Reader` does, by the grammar of registers."""

    grammar = GRAMMAR


def load(path: Path) -> Register:
    """Read a file. Errors: `DefinitionError` with file and line; ``details["all"]`` holds every problem found."""
    return loads(source.decode(source.read_file(path), file=path.name), file=path.name)


def loads(text: str, *, file: str = "register.yaml") -> Register:
    """Read the text of a file. Errors: as `load`."""
    reader = RegisterReader(file)
    register = _register(reader, source.compose(text, file=file))
    reader.finish()
    return register


def discover(folder: Path | None = None) -> dict[str, Register]:
    """Every register of a folder (by default the shipped ones) by its key.

    Errors: as `load`, and for a key that two files use.
    """
    found: dict[str, Register] = {}
    for path in sorted((folder or resources.workflows() / "registers").glob("*.yaml")):
        register = _kept(path, path.stat().st_mtime_ns)
        if register.key in found:
            raise DefinitionError(
                f"名册标识“{register.key}”已被另一文件使用",
                f"another file is called '{register.key}' too",
                place=Place(file=path.name, line=1),
            )
        found[register.key] = register
    return found


@lru_cache(maxsize=256)
def _kept(path: Path, changed: int) -> Register:
    """A file as it was when it was `changed` last: forms ask for it again and again."""
    return load(path)


def _register(reader: Reader, tree: Node) -> Register:
    top = reader.section(tree, "register")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        reader.refuse(top["format"].line, f"文件格式应为 {FORMAT}", f"the format must be {FORMAT}")
    fields = _fields(reader, top.get("fields"))
    name, area = _one(reader, top.get("name"), fields), _one(reader, top.get("area"), fields)
    _must_be(reader, top.get("name"), fields.get(name), FieldType.TEXT)
    _must_be(reader, top.get("area"), fields.get(area), FieldType.AREA)
    required = {word.text for word in _names(reader, top.get("required"), fields)}
    posts, level = _keeper(reader, top.get("keeper"))
    return Register(
        key=reader.key(top["register"].value) if "register" in top else "",
        title=reader.title(top["title"].value) if "title" in top else Title("", ""),
        fields=fields,
        required=frozenset(required | {name, area}),
        name=name,
        area=area,
        posts=posts,
        level=level,
        line=min((entry.line for entry in top.values()), default=1),
    )


def _fields(reader: Reader, entry: Entry | None) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for each in reader.named(entry.value, "字段", "field") if entry else ():
        field = declared_field(reader, each)
        if field.type not in FIELD_TYPES:
            known = ", ".join(FIELD_TYPES)
            reader.refuse(
                each.line,
                f"字段“{each.key}”：名册的字段不能是 {field.type}，可用：{known}",
                f"'{each.key}': no field of a register is a {field.type}; there are {known}",
            )
        if each.key in OWN_COLUMNS:
            reader.refuse(each.line, f"“{each.key}”是每个名册自有的列", f"every register has '{each.key}' already")
        found[each.key] = field
    return found


def _one(reader: Reader, entry: Entry | None, fields: Mapping[str, Field]) -> str:
    if entry is None:
        return ""
    given = Word(reader.text(entry.value), entry.line)
    return given.text if given.text and reader.known(given, fields, "字段", "field") else ""


def _must_be(reader: Reader, entry: Entry | None, field: Field | None, wanted: FieldType) -> None:
    """The name is a text, and may be personal where the register names people; the area decides who sees the row."""
    if entry is None or field is None:
        return
    if field.type is not wanted:
        reader.refuse(entry.line, f"字段“{field.name}”的类型应为 {wanted}", f"'{field.name}' must be of type {wanted}")
    if field.personal and wanted is FieldType.AREA:
        reader.refuse(entry.line, "所在区域不能是个人信息", "the area of a row cannot be personal")


def _names(reader: Reader, entry: Entry | None, fields: Mapping[str, Field]) -> list[Word]:
    given = reader.words(entry.value) if entry else ()
    return [word for word in given if reader.known(word, fields, "字段", "field")]


def _keeper(reader: Reader, entry: Entry | None) -> tuple[frozenset[str], str]:
    if entry is None:
        return frozenset(), ""
    known, keys = words.shipped(), reader.section(entry.value, "keeper")
    posts = {title.zh: word for word, title in known.posts.items()}
    levels = {title.zh: word for word, title in known.levels.items()}
    given = reader.words(keys["post"].value) if "post" in keys else ()
    held = [Word(posts.get(word.text, word.text), word.line) for word in given]
    found = frozenset(word.text for word in held if reader.known(word, known.posts, "岗位", "post"))
    if "level" not in keys:
        return found, ""
    text = reader.text(keys["level"].value)
    level = Word(levels.get(text, text), keys["level"].line)
    return found, level.text if text and reader.known(level, known.levels, "区域层级", "level of areas") else ""
