"""The one grammar of actions: starts, states, tasks, asks and answers become the same frozen value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.definitions.births import birth, interval_field
from engine.definitions.conditions import Condition
from engine.definitions.declarations import field_name, limit
from engine.definitions.model import (
    CLOCK,
    RULE,
    Action,
    Appraisal,
    DepartmentScope,
    FieldType,
    FormItem,
    Need,
    Once,
    Origin,
    Owner,
    PersonScope,
    Ruling,
    TaskSet,
    Title,
)
from engine.definitions.names import ME, word
from engine.definitions.opening import opens
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book, Keys, Scope
from engine.definitions.sentences import Names, Unparsable, parse
from engine.definitions.source import Node
from engine.definitions.spans import Limit

#: The marks of a form as a Chinese keyboard writes them.
_MARKS = str.maketrans("！＊＋", "!*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an action is written: in which states it can be done and what is around it."""

    scope: Scope
    #: The states in which it can be done; none for a start.
    states: tuple[str, ...]
    #: Deadlines that run in every one of them, and those that run in some.
    always: frozenset[str] = frozenset()
    sometimes: frozenset[str] = frozenset()
    #: What the ask asked, for an answer.
    asked: tuple[FormItem, ...] = ()


@dataclass(slots=True)
class Compiler:
    """Compiles the actions of one file and notes what conditions read."""

    reader: Reader
    book: Book
    conditions: list[Condition] = field(default_factory=list)
    _names: dict[str | None, Names] = field(default_factory=dict)

    def action(self, name: str, keys: Keys, spot: Spot, line: int) -> Action:
        """One action. Problems are noted; what can't be read is left out of the value."""
        by, every, per = self._by(keys, spot), self._every(keys), self._per(keys)
        form = self.form(keys["form"].value) if "form" in keys else ()
        reach = {item.name: item for item in (*spot.asked, *form)}
        return Action(
            name=name,
            title=spot.scope.titles.get(name, (Title("", ""), 0))[0],
            by=by,
            to=self._to(keys, spot),
            when=self.condition(keys["when"].value, self.names(spot.scope)) if "when" in keys else None,
            form=form,
            once=self._once(keys, spot, by),
            apart=self._apart(keys, by),
            before=self._deadline(keys, "before", spot.always),
            each=self._each(keys),
            sends=self._sends(keys, reach),
            withdraws={kind: TaskSet(found) for kind, found in self._withdraws(keys)},
            reopens=self._reopens(keys),
            urges=self._declared(keys, "urges", {*self.book.kinds}, "任务种类", "kind of task"),
            counts=self._declared(keys, "counts", self._counters(spot.scope), "计数", "counter"),
            clears=self._declared(
                keys,
                "clears",
                self._counters(spot.scope) | self._marks(spot.scope),
                "计数或标记",
                "counter or mark",
            ),
            sets=self._declared(keys, "sets", self._marks(spot.scope) | self._sent_marks(keys), "标记", "mark"),
            meets=self._declared(keys, "meets", spot.sometimes, "此处在走的时限", "deadline that runs here"),
            extends=self._deadline(keys, "extends", spot.sometimes),
            suspends=self._form_field(keys, "suspends", reach, FieldType.DATE),
            joins=self._form_field(keys, "joins", reach, FieldType.TICKET),
            splits=self.reader.yes(keys["splits"].value) if "splits" in keys else False,
            opens=opens(self.reader, self.book, keys["opens"].value, reach) if "opens" in keys else None,
            meeting=self._meeting(keys),
            card=self.card(keys),
            lifts=self.reader.yes(keys["lifts"].value) if "lifts" in keys else False,
            every=every,
            per=per,
            birth=birth(self.reader, every, per, keys),
            ruling=self._ruling(keys, spot),
            appraises=self._appraises(keys, form),
            origin=self._origin(keys, by),
            public=self._public(keys, by),
            points=self._points(keys),
            reverses=self._reversed(keys),
            exempts=self._indicators(keys, "exempts", reach),
            restores=self._indicators(keys, "restores", reach),
            letter=self._letter(keys, by),
            mentions=self._form_field(keys, "mentions", {item.name: item for item in form}, FieldType.TICKET),
            tells=self.roles(keys, "tells"),
            line=line,
        )

    def _every(self, keys: Keys) -> Limit | None:
        """The interval of rounds, on the continuous clock: a round is no obligation that waits for office hours."""
        if "every" not in keys or interval_field(self.reader, keys["every"].value) is not None:
            return None
        found = limit(self.reader, keys["every"].value)
        if found is not None and found.unit.working:
            self.reader.refuse(
                keys["every"].line,
                f"轮次的间隔按自然时间计，不能用“{found.zh}”",
                f"rounds come by the continuous clock, not every {found.en}",
            )
        return found

    def _per(self, keys: Keys) -> str | None:
        return self.titled(keys, "per", {**self.book.words.levels, **self.book.levels}, "层级", "level")

    def _points(self, keys: Keys) -> dict[str, int]:
        """Who gets how many points: `me`, or a role that means one person."""
        found = {}
        people = {ME, *(name for name, role in self.book.roles.items() if role.person is not None)}
        for entry in self.reader.entries(keys["points"].value) if "points" in keys else ():
            given = Word(word("me", entry.key), entry.line)
            if self.reader.known(given, sorted(people), "指向一个人的角色", "role that means one person"):
                found[given.text] = self.reader.number(entry.value)
        return found

    def _origin(self, keys: Keys, by: frozenset[str]) -> Origin | None:
        if "from" not in keys:
            return None
        if by <= {CLOCK, RULE}:
            self.reader.refuse(
                keys["from"].line, "由时钟开启的，无从提供给人", "what the clock starts is offered to nobody"
            )
        found = self.reader.choice(keys["from"].value, "origin", "来源", "origin")
        return Origin(found) if found else None

    def _public(self, keys: Keys, by: frozenset[str]) -> bool:
        """Whether passers-by may do it; they become the reporter, so a role must mean that."""
        if "public" not in keys or not self.reader.yes(keys["public"].value):
            return False
        roles = (self.book.roles[name] for name in by if name in self.book.roles)
        if not any(role.person is PersonScope.REPORTER for role in roles):
            self.reader.refuse(
                keys["public"].line,
                "公开的上报须由上报人角色（person: reporter）办理",
                "what is public is done by a role with `person: reporter`",
            )
        return True

    def _ruling(self, keys: Keys, spot: Spot) -> Ruling | None:
        if "ruling" not in keys:
            return None
        node = keys["ruling"].value
        found = self.reader.choice(node, "ruling", "裁定", "ruling")
        names_another = found in (Ruling.DESIGNATE, Ruling.AGREE, Ruling.REDISPATCH)
        if names_another and "sends" not in keys:
            self.reader.refuse(
                node.line, f"裁定“{found}”应派出任务（sends）", f"the ruling '{found}' must send to somebody (`sends`)"
            )
        elif found and not names_another and spot.scope.kind is None:
            self.reader.refuse(
                node.line, f"裁定“{found}”只用于任务的答复", f"the ruling '{found}' belongs to an answer about a task"
            )
        return Ruling(found) if found else None

    def _appraises(self, keys: Keys, form: tuple[FormItem, ...]) -> Appraisal | None:
        """A score needs stars: in the form, or for each finished task."""
        if "appraises" not in keys:
            return None
        node = keys["appraises"].value
        found = self.reader.choice(node, "appraisal", "考评", "appraisal")
        asked = {item.name for item in (*form, *(item for items in self._each(keys).values() for item in items))}
        if found == Appraisal.SCORE and "stars" not in asked:
            self.reader.refuse(node.line, "直评应填写星级（stars）", "a score asks for `stars`")
        return Appraisal(found) if found else None

    def _reversed(self, keys: Keys) -> tuple[str, ...]:
        if "reverses" not in keys:
            return ()
        giving = {
            name
            for scope in (self.book.ticket, *self.book.kinds.values())
            for name, written in scope.actions()
            if "points" in written
        }
        return self._declared(keys, "reverses", giving, "记分的动作", "action that gives points")

    def card(self, keys: Keys) -> str | None:
        """The card that a rung or an action gives."""
        return self.titled(keys, "card", self.book.words.cards, "牌色", "card")

    def titled(self, keys: Keys, key: str, known: Mapping[str, Title], zh: str, en: str) -> str | None:
        """A word that is data (a light, a card, a level), by its name or its Chinese title."""
        if key not in keys:
            return None
        node = keys[key].value
        text = self.reader.text(node)
        given = Word({title.zh: name for name, title in known.items()}.get(text, text), node.line)
        return given.text if given.text and self.reader.known(given, known, zh, en) else None

    def names(self, scope: Scope) -> Names:
        if scope.kind not in self._names:
            self._names[scope.kind] = self.book.names(scope)
        return self._names[scope.kind]

    def condition(self, node: Node, names: Names) -> Condition | None:
        text = self.reader.text(node)
        if not text:
            return None
        try:
            found = parse(text, names)
        except Unparsable as error:
            self.reader.refuse(node.line, error.zh, error.en)
            return None
        self.conditions.append(found)
        return found

    def form(self, node: Node) -> tuple[FormItem, ...]:
        """A list of fields with their marks."""
        found: dict[str, FormItem] = {}
        for given in self.reader.words(node):
            text = given.text.translate(_MARKS)
            need = next((mark for mark in (Need.ONE, Need.ANY, Need.SOME) if text.endswith(mark.value)), Need.MAYBE)
            name = field_name(self.book, text.removesuffix(need.value))
            if name in found:
                self.reader.refuse(
                    given.line, f"字段“{given.text}”写了两次", f"the field '{given.text}' is given twice"
                )
            elif self.reader.known(Word(name, given.line), self.book.fields, "字段", "field"):
                found[name] = FormItem(self.book.fields[name], need)
        return tuple(found.values())

    def roles(self, keys: Keys, key: str) -> tuple[str, ...]:
        if key not in keys:
            return ()
        given = self.reader.words(keys[key].value)
        return tuple(each.text for each in given if self.reader.known(each, self.book.roles, "角色", "role"))

    def _by(self, keys: Keys, spot: Spot) -> frozenset[str]:
        found = set()
        for given in self.reader.words(keys["by"].value) if "by" in keys else ():
            actor = word("actor", given.text)
            if actor in (CLOCK, RULE):
                found.add(actor)
            elif self.reader.known(given, [*self.book.roles, CLOCK, RULE], "角色", "role"):
                self._in_scope(given, spot)
                found.add(given.text)
        if "by" in keys and not found:
            self.reader.refuse(keys["by"].line, "没有写明由谁办理", "nobody is named who may do this")
        if RULE in found and len(found) > 1:
            self.reader.refuse(
                keys["by"].line,
                "规则会立即自动办理，不能与其他办理者并列，请分成两个动作",
                "a rule acts at once, so nobody else can share its action: write two actions",
            )
        return frozenset(found)

    def _in_scope(self, given: Word, spot: Spot) -> None:
        """A role seen from the task means nobody on the ticket."""
        role = self.book.roles[given.text]
        of_task = role.department is DepartmentScope.TASK or role.person is PersonScope.TASK
        if of_task and spot.scope.kind is None:
            self.reader.refuse(
                given.line,
                f"角色“{given.text}”是任务的承办者，不能办理案件的动作",
                f"the role '{given.text}' is seen from a task and can't act on the ticket",
            )

    def _to(self, keys: Keys, spot: Spot) -> str | None:
        if "to" not in keys:
            return None
        node = keys["to"].value
        text = self.reader.text(node)
        if spot.scope.kind is not None and text not in spot.scope.states and text in self.book.ticket.states:
            self.reader.refuse(
                node.line,
                f"任务的动作不能移动案件（“{text}”是案件的状态），请在案件上写规则动作",
                f"a task can't move the ticket ('{text}' is the ticket's): let the ticket hear it by a rule",
            )
            return None
        known = dict.fromkeys(spot.scope.states)
        return text if text and self.reader.known(Word(text, node.line), known, "状态", "state") else None

    def _once(self, keys: Keys, spot: Spot, by: frozenset[str]) -> Once | None:
        found = (
            self.reader.choice(keys["once"].value, "once", "“限一次”的范围", "scope of `once`")
            if "once" in keys
            else None
        )
        if found is None:
            return None
        if found == Once.TASK and spot.scope.kind is None:
            self.reader.refuse(
                keys["once"].line, "案件的动作不能按任务限一次", "`once: task` belongs to a task's action"
            )
        if found in (Once.PERSON, Once.DEPARTMENT) and by <= {CLOCK, RULE}:
            self.reader.refuse(
                keys["once"].line, "时钟与规则不是人，不能按人限一次", "neither clock nor rule is a person"
            )
        return Once(found)

    def _apart(self, keys: Keys, by: frozenset[str]) -> Limit | None:
        """How far two tries of people lie apart; it never stands still, because a citizen keeps no office hours."""
        if "apart" not in keys:
            return None
        line = keys["apart"].line
        found = limit(self.reader, keys["apart"].value)
        if found is not None and found.unit.working:
            self.reader.refuse(
                line, f"间隔按自然时间计，不能用“{found.zh}”", f"`apart` is continuous time, not {found.en}"
            )
        if by & {CLOCK, RULE}:
            self.reader.refuse(
                line, "间隔只用于由人办理的动作", "`apart` belongs to what people do, not to clock or rule"
            )
        return found

    def _deadline(self, keys: Keys, key: str, running: frozenset[str]) -> str | None:
        if key not in keys:
            return None
        node = keys[key].value
        text = self.reader.text(node)
        if text and text in self.book.deadlines and text not in running:
            self.reader.refuse(
                node.line,
                f"时限“{text}”在这里并不走（请列入该状态的“时限”）",
                f"the deadline '{text}' doesn't run here (list it in the state's `deadlines`)",
            )
            return None
        known = self.reader.known(Word(text, node.line), sorted(running), "时限", "deadline") if text else False
        return text if known else None

    def _declared(self, keys: Keys, key: str, names: Iterable[str], zh: str, en: str) -> tuple[str, ...]:
        if key not in keys:
            return ()
        known = sorted(names)
        given = self.reader.words(keys[key].value)
        return tuple(each.text for each in given if self.reader.known(each, known, zh, en))

    def _counters(self, scope: Scope) -> set[str]:
        return {*self.book.ticket.counters, *scope.counters}

    def _marks(self, scope: Scope) -> set[str]:
        return {*self.book.ticket.marks, *scope.marks}

    def _sent_marks(self, keys: Keys) -> set[str]:
        """Marks of the tasks that this action sends: set on them as they leave."""
        sent = self.reader.entries(keys["sends"].value) if "sends" in keys else ()
        return {mark for entry in sent if entry.key in self.book.kinds for mark in self.book.kinds[entry.key].marks}

    def _kinds(self, keys: Keys, key: str) -> Iterable[tuple[str, Node]]:
        for entry in self.reader.entries(keys[key].value) if key in keys else ():
            if self.reader.known(Word(entry.key, entry.line), self.book.kinds, "任务种类", "kind of task"):
                yield entry.key, entry.value

    def _each(self, keys: Keys) -> dict[str, tuple[FormItem, ...]]:
        return {kind: self.form(node) for kind, node in self._kinds(keys, "each")}

    def _sends(self, keys: Keys, reach: dict[str, FormItem]) -> dict[str, tuple[str, ...]]:
        return {kind: tuple(self._receivers(kind, node, reach)) for kind, node in self._kinds(keys, "sends")}

    def _receivers(self, kind: str, node: Node, reach: dict[str, FormItem]) -> Iterable[str]:
        owner = self.book.kinds[kind].of
        wanted = FieldType.DEPARTMENT if owner is Owner.DEPARTMENT else FieldType.PERSON
        for given in self.reader.words(node):
            name = ME if word("me", given.text) == ME else field_name(self.book, given.text)
            if name == ME:
                if owner is Owner.DEPARTMENT:
                    self.reader.refuse(
                        given.line, "部门任务不能派给本人（me）", "`me` belongs to a kind of task of a person"
                    )
                yield ME
            elif self._in_form(Word(name, given.line), reach, wanted):
                yield name

    def _withdraws(self, keys: Keys) -> Iterable[tuple[str, str]]:
        for kind, node in self._kinds(keys, "withdraws"):
            found = self.reader.choice(node, "task set", "撤下的范围", "set of tasks")
            if found:
                yield kind, found

    def _reopens(self, keys: Keys) -> dict[str, str]:
        found = {}
        for kind, node in self._kinds(keys, "reopens"):
            states = [state.name for state in self.book.kinds[kind].states.values() if not state.final]
            given = Word(self.reader.text(node), node.line)
            if given.text and self.reader.known(given, states, "任务的办理状态", "state of the task at work"):
                found[kind] = given.text
        return found

    def _form_field(self, keys: Keys, key: str, reach: dict[str, FormItem], wanted: FieldType) -> str | None:
        if key not in keys:
            return None
        node = keys[key].value
        name = field_name(self.book, self.reader.text(node))
        return name if name and self._in_form(Word(name, node.line), reach, wanted) else None

    def _indicators(self, keys: Keys, key: str, reach: dict[str, FormItem]) -> str | None:
        """A choice that must be made: an exemption from nothing would be none."""
        name = self._form_field(keys, key, reach, FieldType.CHOICE)
        if name is not None and not reach[name].required:
            self.reader.refuse(
                keys[key].line,
                f"剔除或恢复的指标“{name}”应为必填，请加“!”或“+”",
                f"the indicators in '{name}' must be required: mark it with '!' or '+'",
            )
        return name

    def _letter(self, keys: Keys, by: frozenset[str]) -> str:
        """What a numbered letter begins with; an organisation sends it, by somebody who holds a post there."""
        if "letter" not in keys:
            return ""
        node = keys["letter"].value
        roles = [self.book.roles[name] for name in by if name in self.book.roles]
        if by & {CLOCK, RULE} or not all(role.posts for role in roles):
            self.reader.refuse(
                node.line,
                "文号由单位的岗位编发，不能由时钟、规则或个人办理",
                "a numbered letter is sent by a post of an organisation, not by clock, rule or a person",
            )
        return self.reader.text(node)

    def _in_form(self, given: Word, reach: dict[str, FormItem], wanted: FieldType) -> bool:
        if given.text not in reach:
            self.reader.known(given, reach, "本动作表单中的字段", "field of this action's form")
            return False
        if reach[given.text].field.type is not wanted:
            self.reader.refuse(
                given.line,
                f"字段“{given.text}”的类型应为 {wanted.value}",
                f"the field '{given.text}' must be of type {wanted.value}",
            )
            return False
        return True

    def _meeting(self, keys: Keys) -> str | None:
        """The body in whose sitting alone it may be done."""
        if "meeting" not in keys:
            return None
        given = Word(self.reader.text(keys["meeting"].value), keys["meeting"].line)
        known = given.text and self.reader.known(given, self.book.meetings, "会议", "meeting")
        return given.text if known else None
