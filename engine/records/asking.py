"""What the queries of all nouns share; a statement's text never changes, so that both databases keep it prepared."""

from collections.abc import Generator, Iterable, Sequence
from json import dumps
from typing import Any, TypeVar

from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.journey import Statement

T = TypeVar("T")
#: A query that says what it asks, is given the rows, and returns what they mean: so that several travel together.
Question = Generator[Statement, list[Any], T]


def ask(transaction: Transaction, questions: Sequence[Question[Any]]) -> list[Any]:
    """The answers to several questions, on PostgreSQL in one journey to the server."""
    statements = [next(question) for question in questions]
    return [
        _answer(question, rows)
        for question, rows in zip(questions, transaction.together(statements) if statements else [], strict=True)
    ]


def ask_one(transaction: Transaction, question: Question[T]) -> T:
    """The answer to one question."""
    answer: T = ask(transaction, [question])[0]
    return answer


def ask_last(transaction: Transaction, question: Question[T], *, before: Sequence[Question[Any]] = ()) -> T:
    """The answer to the last question of a transaction that changes nothing: its end travels along, and so does what
    is asked before it, for whoever is to be refused."""
    questions = [*before, question]
    answers = transaction.finally_together([next(one) for one in questions])
    *_, last = (_answer(one, rows) for one, rows in zip(questions, answers, strict=True))
    found: T = last
    return found


def _answer(question: Question[T], rows: list[Any]) -> T:
    try:
        question.send(rows)
    except StopIteration as answered:
        answer: T = answered.value
        return answer
    raise RuntimeError("a question asks once")


class Asking:
    """Gathers the parameters of a statement in the order of their marks."""

    def __init__(self, transaction: Transaction) -> None:
        self.mark, *_ = marks(transaction, 1)
        self.parameters: list[Any] = []

    def __call__(self, value: Any) -> str:
        self.parameters.append(value)
        return self.mark

    def among(self, values: Iterable[Any]) -> str:
        return f"({', '.join(self(value) for value in values)})"


def among(transaction: Transaction, values: Iterable[Any]) -> tuple[str, Sequence[Any]]:
    """What follows a column's name in a WHERE to ask for any number of values, and its parameters."""
    listed = sorted(values)
    if transaction.postgresql:
        return "= ANY(%s)", [listed]
    return "IN (SELECT value FROM json_each(?))", [dumps(listed)]


def among_keys(transaction: Transaction, values: Iterable[Any]) -> tuple[str, Sequence[Any]]:
    """Like `among`, for a column of which no value is in more than a few rows, e.g. a key.

    ▸ One value gets a statement of its own: for `= ANY(…)` PostgreSQL guesses ten, finds the plan for any array dearer
    than the one for this array, and plans anew each time, which costs more than the answer.
    """
    listed = list(values)
    return ("= %s", listed) if transaction.postgresql and len(listed) == 1 else among(transaction, listed)


def marks(transaction: Transaction, count: int) -> tuple[str, ...]:
    """So many parameter marks of the driver in use."""
    return ("%s" if transaction.postgresql else "?",) * count


def ids_of(transaction: Transaction, table: str, column: str, values: Iterable[str]) -> dict[str, int]:
    """The ids behind codes or logins; what isn't there is missing from the answer."""
    match, parameters = among(transaction, values)
    rows = transaction.rows(f"SELECT {column}, id FROM {table} WHERE {column} {match}", parameters)  # noqa: S608
    return {value: int(number) for value, number in rows}


def wrong(field: str, zh: str, en: str) -> Malformed:
    """The refusal of one field of what is to be written."""
    return Malformed(zh, en, place=Place(field=field))
