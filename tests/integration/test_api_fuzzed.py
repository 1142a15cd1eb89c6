"""Everything that the API's own description allows, and some of what it doesn't: no failure, no undocumented answer.

Requests are drawn from the OpenAPI document by schemathesis, always the same ones; whoever holds any post asks.
`HUYING_SOAK` asks many more.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from engine.clock import SetClock
from engine.database import Database
from tests.support.cases import MONDAY
from tests.support.databases import Files
from tests.support.everybody import NOBODY, Everybody, everybody

EXAMPLES = int(os.environ.get("HUYING_SOAK_EXAMPLES", "200")) if os.environ.get("HUYING_SOAK") else 5
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def whole(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with closing(Database(files.fresh(folder))) as database, everybody(database, SetClock(MONDAY), folder) as made:
        yield made


def _known(whole: Everybody, case: Any) -> None:
    """Put in what is there for what was invented."""
    there = {
        "case_no": whole.case_no, "key": "block-calls-line-responds", "code": whole.sitting, "sha256": whole.picture,
        "task": whole.task, "login": "shen", "post": "coordinator", "name": "valid_reports", "unit": "urban",
    }  # fmt: skip
    for name in case.path_parameters or {}:
        if name in there:
            case.path_parameters[name] = there[name]


def test_no_answer_of_the_api_is_a_failure_or_undocumented(whole: Everybody) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", whole.town.client.app)
    roles = [*whole.logins("own"), NOBODY]
    asked, found = dict[str, int](), list[str]()

    def ask(operation: Any, number: int) -> None:
        turn = iter(range(10**6))

        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            count = next(turn)
            login = roles[(number + count) % len(roles)]
            if count % 2:
                _known(whole, case)
            headers = {} if login == NOBODY else {"Authorization": f"Bearer {whole.town.token(login)}"}
            asked[login] = asked.get(login, 0) + 1
            answer = case.call(headers=headers)
            try:
                case.validate_response(answer, checks=CHECKS)
            except Exception as wrong:
                found.append(f"{operation.label} by {login}: {answer.status_code} {str(wrong)[:600]}")

        one()

    for number, result in enumerate(schema.get_all_operations()):
        assert isinstance(result, Ok), result
        ask(result.ok(), number)
    assert not found, "\n\n".join(found[:20])
    assert sum(asked.values()) > 200
    assert set(asked) == set(roles), "everybody has asked"
