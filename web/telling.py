"""The history in words: what codes mean, who did what, what an act brought about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.clock import Instant, shown
from engine.database import Transaction
from engine.definitions.model import Field, FieldType, Title, Workflow
from engine.definitions.spans import parse_rung
from engine.definitions.words import shipped
from engine.records import names, registers
from engine.records.sheet import History, Line, Sheet
from web import bases
from web.clocks import card_title
from web.proofs import Badge, badges

#: Behind a due time that waits for the decree of a year.
_DOUBTFUL = "（暂定）"
_CLOCK = Title("时钟", "The clock")
_RULE = Title("规则", "A rule")
_LINK = Title("任务链接", "Task link")
_PASSER_BY = Title("路人（无账号）", "A passer-by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing somebody filled in: its name, and what it says or shows."""

    title: Title
    texts: tuple[Title | str, ...] = ()
    #: Digests of pictures, and of files.
    photos: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    stars: int = 0
    #: The ticket whose pictures these are; "" before there is one.
    case_no: str = ""
    #: What was held against a picture, by its digest.
    badges: Mapping[str, tuple[Badge, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the history as people read it."""

    seq: int
    at: Instant
    #: When it was written down, where that is another time than `at`.
    recorded_at: Instant | None
    title: Title
    #: The department or person whose task it was about.
    about: str
    who: Title | str
    post: Title | None
    unit: str
    moved: tuple[Title, Title] | None
    pieces: tuple[Piece, ...]
    automatic: bool


@dataclass(slots=True)
class Meanings:
    """What the codes in facts mean, asked once for a whole page."""

    fields: Mapping[str, Field]
    departments: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    #: The ticket whose forms these are; "" before there is one.
    case_no: str = ""

    @classmethod
    def of(
        cls,
        transaction: Transaction,
        definition: Workflow,
        forms: Iterable[Mapping[str, Any]],
        case_no: str = "",
        logins: Iterable[str] = (),
    ) -> "Meanings":
        """The meanings of everything that these forms name, and the names of these people."""
        wanted: dict[FieldType, set[str]] = {FieldType.PERSON: set(logins)}
        for form in forms:
            for name, value in form.items():
                declared = definition.fields.get(name)
                for code in _codes(declared, value) if declared else ():
                    wanted.setdefault(declared.type if declared else FieldType.TEXT, set()).add(code)
        places = wanted.get(FieldType.PLACE, set()) | wanted.get(FieldType.AREA, set())
        return cls(
            definition.fields,
            names.by_code(transaction, "department", "code", wanted.get(FieldType.DEPARTMENT, ())),
            names.by_code(transaction, "person", "login", wanted.get(FieldType.PERSON, ())),
            names.by_code(transaction, "area", "code", places),
            registers.item_names(transaction, wanted.get(FieldType.ITEM, ())),
            case_no,
        )

    def pieces(self, form: Mapping[str, Any]) -> Iterator[Piece]:
        """A form as people read it, in the order of the file's fields: facts are stored in the order of their names."""
        for name, declared in self.fields.items():
            if form.get(name) not in (None, "", []):
                yield self._piece(declared, form[name])

    def _piece(self, declared: Field, value: Any) -> Piece:
        match declared.type:
            case FieldType.PHOTO:
                pictures = tuple(value if isinstance(value, list) else [value])
                return Piece(title=declared.title, photos=pictures, case_no=self.case_no)
            case FieldType.FILE:
                return Piece(title=declared.title, files=tuple(value if isinstance(value, list) else [value]))
            case FieldType.STARS:
                return Piece(title=declared.title, stars=int(value))
            case _:
                values = value if isinstance(value, list) else [value]
                return Piece(title=declared.title, texts=tuple(self._text(declared, one) for one in values))

    def _text(self, declared: Field, value: Any) -> Title | str:
        names_of = {
            FieldType.DEPARTMENT: self.departments, FieldType.PERSON: self.people, FieldType.AREA: self.areas,
            FieldType.ITEM: self.items,
        }.get(declared.type)  # fmt: skip
        if names_of is not None:
            return names_of.get(str(value), str(value))
        if declared.type is FieldType.PLACE and isinstance(value, Mapping):
            return self.areas.get(str(value.get("area")), str(value.get("area")))
        if declared.type is FieldType.YES_NO:
            return Title("是", "Yes") if value else Title("否", "No")
        return declared.of.get(str(value), str(value))


def _codes(declared: Field, value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield str(one.get("area"))
        else:
            yield str(one)


def changed_since(transaction: Transaction, sheet: Sheet, history: History) -> tuple[Told, ...]:
    """The lines of a history, for somebody who was overtaken by them; the oldest first."""
    lines = history.lines
    meanings = Meanings.of(transaction, sheet.definition, forms_of(lines), sheet.sight.case_no, changing_hands(lines))
    return tuple(told(line, history, sheet, meanings) for line in history.lines)


def typed_before(transaction: Transaction, sheet: Sheet, values: Mapping[str, Sequence[str]]) -> tuple[Piece, ...]:
    """What somebody typed into a form that is no more, as people read it."""
    form = {name: [one for one in given if one.strip()] for name, given in values.items()}
    declared = sheet.definition.fields
    kept = {
        name: [{"area": one} for one in given] if declared[name].type is FieldType.PLACE else given
        for name, given in form.items()
        if name in declared and declared[name].type is not FieldType.STARS
    }
    return tuple(Meanings.of(transaction, sheet.definition, [kept]).pieces(kept))


def about(sheet: Sheet, task_seq: int | None) -> str:
    """Whose task that is."""
    task = sheet.case.tasks.get(task_seq) if task_seq is not None else None
    if task is None:
        return ""
    found = sheet.names.departments.get(task.department_id or 0) or sheet.names.people.get(task.person_id or 0)
    return found.name if found else ""


def forms_of(lines: Iterable[Line]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        yield line.facts.get("form", {})
        yield from line.facts.get("each", {}).values()
        if line.words:
            yield line.words


def changing_hands(lines: Iterable[Line]) -> Iterator[str]:
    """The logins between whom posts passed."""
    return (str(line.facts[key]) for line in lines for key in ("from", "to") if key in line.facts)


def told(line: Line, history: History, sheet: Sheet, meanings: Meanings) -> Told:
    """One event in words."""
    person = history.names.people.get(line.person_id or 0)
    unit = history.names.departments.get(line.department_id or 0)
    automatic = line.actor in ("clock", "rule")
    who: Title | str = {"clock": _CLOCK, "rule": _RULE}.get(line.actor, person.name if person else line.actor)
    if line.actor == "link":
        who = _by_link(line)
    if line.actor.startswith("public:"):
        who = _PASSER_BY
    owner = history.names.people.get(line.behalf_of or 0)
    if owner is not None and person is not None:
        who = Title(f"{person.name} 代 {owner.name}", f"{person.name} for {owner.name}")
    return Told(
        seq=line.seq,
        at=line.at,
        recorded_at=line.recorded_at if line.recorded_at != line.at else None,
        title=line.title,
        about=about(sheet, line.task),
        who=who,
        post=shipped().posts.get(line.post) or sheet.definition.posts.get(line.post),
        unit=unit.name if unit else "",
        moved=_moved(line, sheet),
        pieces=tuple(_pieces(line, history, sheet, meanings)),
        automatic=automatic,
    )


def _by_link(line: Line) -> Title:
    """Whoever answered by a link, as they called themselves; nobody any more once that is erased."""
    given = (line.words or {}).get("answered_by", {})
    called = " ".join(given[key] for key in ("name", "phone") if given.get(key))
    return Title(f"任务链接：{called}", f"by task link: {called}") if called else _LINK


def _moved(line: Line, sheet: Sheet) -> tuple[Title, Title] | None:
    states = sheet.definition.scope(line.scope or None).states
    before, after = states.get(line.state_from), states.get(line.state_to)
    return (before.title, after.title) if before and after and before is not after else None


def _pieces(line: Line, history: History, sheet: Sheet, meanings: Meanings) -> Iterator[Piece]:
    facts, words = line.facts, line.words or {}
    held = badges(facts, history.originals)
    for piece in meanings.pieces({**words, **facts.get("form", {})}):
        yield replace(_kept(piece, history), badges=held) if piece.photos else piece
    for seq, answers in facts.get("each", {}).items():
        spoken = {**words.get("each", {}).get(seq, {}), **answers}
        scored = about(sheet, int(seq))
        for piece in meanings.pieces(spoken):
            title = Title(f"{scored}：{piece.title.zh}", f"{scored}: {piece.title.en}")
            yield replace(piece, title=title)
    yield from _effects(facts, sheet, meanings)


def _kept(piece: Piece, history: History) -> Piece:
    """A piece without the pictures that were erased, and how many those were."""
    kept = tuple(photo for photo in piece.photos if photo not in history.erased)
    gone = len(piece.photos) - len(kept)
    said = Title(f"{gone} 张照片已依法删除", f"{gone} erased by law")
    return replace(piece, photos=kept, texts=(*piece.texts, said)) if gone else piece


def _effects(facts: Mapping[str, Any], sheet: Sheet, meanings: Meanings) -> Iterator[Piece]:
    """What an act brought about beyond its form."""
    yield from _of_time(facts, sheet)
    for title, texts in bases.told(facts, lambda seq: about(sheet, seq)):
        yield Piece(title=title, texts=texts)
    for title, seqs in (
        (Title("撤下任务", "Tasks stopped"), facts.get("withdrawn", ())),
        (Title("返回办理", "To be done again"), [new for new, _ in facts.get("reopened", ())]),
    ):
        if seqs:
            yield Piece(title=title, texts=tuple(about(sheet, int(seq)) for seq in seqs))
    for title, key in ((Title("新的时限", "New due time"), "due"), (Title("恢复时间", "Resumes"), "resumes")):
        if key in facts and "rung" not in facts:
            doubt = _DOUBTFUL if key == "due" and facts.get("provisional") else ""
            yield Piece(title=title, texts=(shown(Instant(int(facts[key]))) + doubt,))
    for title, key in (
        (Title("主案", "Main ticket"), "main"),
        (Title("关联案卷", "The other ticket"), "ticket"),
        (Title("前案", "The earlier ticket"), "relapse_of"),
    ):
        if isinstance(facts.get(key), str):
            yield Piece(title=title, texts=(facts[key],))
    if "from" in facts and "to" in facts:
        before, after = (meanings.people.get(facts[key], facts[key]) for key in ("from", "to"))
        yield Piece(title=Title("交接", "Handed over"), texts=(f"{before} → {after}",))
    if "reason" in facts:
        yield Piece(title=Title("原因", "Reason"), texts=(str(facts["reason"]),))


def _of_time(facts: Mapping[str, Any], sheet: Sheet) -> Iterator[Piece]:
    """What the clock did: which rung of which deadline, what came with it, which due times moved."""
    titles = {name: deadline.title for name, deadline in sheet.definition.deadlines.items()}
    if "rung" in facts:
        title = titles.get(facts.get("deadline", ""), Title("时限", "Deadline"))
        yield Piece(title=title, texts=tuple(_rung(facts, sheet)))
    for one in facts["deadlines"] if isinstance(facts.get("deadlines"), list) else ():
        moved = f"{shown(Instant(one['was']))} → " if "was" in one else ""
        yield Piece(
            title=titles.get(one["deadline"], Title("时限", "Deadline")),
            texts=(f"{moved}{shown(Instant(one['due']))}{_DOUBTFUL if one.get('provisional') else ''}",),
        )
    for title, key in ((Title("亮牌", "Card given"), "card"), (Title("撤牌", "Card lifted"), "lifted")):
        if isinstance(facts.get(key), list):
            yield Piece(title=title, texts=(card_title(facts[key][1]),))
    if facts.get("cleared"):
        yield Piece(title=Title("消牌", "Cards cleared"), texts=(str(len(facts["cleared"])),))


def _rung(facts: Mapping[str, Any], sheet: Sheet) -> Iterator[Title | str]:
    words = shipped()
    if "step" in facts:
        step = parse_rung(facts["step"])
        yield Title(step.zh, step.en)
    else:
        yield Title("到期", "when due")
    for key, known in (("light", words.lights), ("card", words.cards), ("card_stands", words.cards)):
        if isinstance(facts.get(key), str):
            title = known.get(facts[key], Title(facts[key], facts[key]))
            yield (
                title
                if key != "card_stands"
                else Title(f"{title.zh}（已有同级或更重的牌）", f"{title.en} (one stands)")
            )
    if "level" in facts:
        level = {**words.levels, **sheet.definition.levels}.get(facts["level"], Title(facts["level"], facts["level"]))
        yield Title(f"升至{level.zh}", f"rises to {level.en}")
    if "moot" in facts:
        yield Title("已无必要", "moot")
