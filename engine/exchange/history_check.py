"""Does a MAP file fit its workflow? Every act it names is there, every field it fills, every choice it makes."""

from collections.abc import Iterable, Iterator, Sequence

from engine.definitions.model import Action, FieldType, FormItem, TaskKind, Workflow
from engine.definitions.reading import Reader, Word
from engine.exchange.history_map import Lookup, Noun, Step, Template, TicketMap, Value

_TYPES = {
    Noun.DEPARTMENT: FieldType.DEPARTMENT,
    Noun.AREA: FieldType.AREA,
    Noun.ITEM: FieldType.ITEM,
    Noun.PLACE: FieldType.PLACE,
}
#: What an import may leave out although a form requires it.
_WAIVED = (FieldType.PHOTO, FieldType.FILE)


def check_map(mapping: TicketMap, workflow: Workflow) -> None:
    """Errors: `DefinitionError` with the map's file and line, all problems in ``details["all"]``."""
    reader = Reader(mapping.file)
    first, *rest = mapping.steps or (None,)
    if first is None:
        reader.refuse(1, "没有步骤", "there are no steps")
        reader.finish()
        return
    if first.when is not None or first.task:
        reader.refuse(
            first.line,
            "第一步是上报，适用于所有行，不能写 task 或 when",
            "the first step is the report of every row: it has neither `task` nor `when`",
        )
    _check_step(reader, first, workflow.starts.values(), tuple(workflow.starts))
    for step in rest:
        _check_later(reader, step, workflow)
    reader.finish()


def _check_later(reader: Reader, step: Step, workflow: Workflow) -> None:
    if step.task and step.task not in workflow.tasks:
        reader.unknown(step.task, step.line, "任务种类", "kind of task", workflow.tasks)
        return
    scope = workflow.tasks[step.task] if step.task else workflow
    names = {action.name for action in _actions(scope) if action.by_people()}
    _check_step(reader, step, _actions(scope), sorted(names))


def _actions(scope: Workflow | TaskKind) -> Iterator[Action]:
    for state in scope.states.values():
        yield from state.actions.values()


def _check_step(reader: Reader, step: Step, actions: Iterable[Action], names: Sequence[str]) -> None:
    forms = [action.form for action in actions if action.name == step.action and action.name in names]
    if not reader.known(Word(step.action, step.line), names, "动作", "action"):
        return
    items = {item.name: item for form in forms for item in form}
    for name, value in step.form.items():
        if reader.known(Word(name, step.line), items, "字段", "field"):
            _check_value(reader, step, items[name], value)
    for name in sorted(items):
        everywhere = all(any(item.name == name and _must(item) for item in form) for form in forms)
        if everywhere and name not in step.form:
            title = items[name].field.title
            reader.refuse(
                step.line,
                f"“{step.action}”必须填写“{title.zh}”（{name}）",
                f"'{step.action}' requires '{name}' ({title.en})",
            )


def _must(item: FormItem) -> bool:
    return item.required and item.field.type not in _WAIVED


def _check_value(reader: Reader, step: Step, item: FormItem, value: Value) -> None:
    wanted = next((noun for noun, type_ in _TYPES.items() if type_ is item.field.type), None)
    if isinstance(value, Noun) and _TYPES[value] is not item.field.type:
        reader.refuse(
            step.line,
            f"字段“{item.name}”不能取自“{value.value}”",
            f"the field '{item.name}' can't be taken from '{value.value}'",
        )
    elif wanted is not None and not isinstance(value, Noun):
        reader.refuse(
            step.line,
            f"字段“{item.name}”应写 {{from: {wanted.value}}}",
            f"the field '{item.name}' is written {{from: {wanted.value}}}",
        )
    elif item.field.type is FieldType.CHOICE:
        for word in _words(value):
            reader.known(Word(word, step.line), item.field.of, "选项", "choice")


def _words(value: Value) -> Iterator[str]:
    """What a value may become, as far as the map itself says."""
    if isinstance(value, Template) and not value.columns:
        yield value.fill({})
    if isinstance(value, Lookup):
        yield from (value.values or {}).values()
        if value.default is not None:
            yield value.default
