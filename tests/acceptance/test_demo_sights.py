"""`huying demo` says where to look: each page it names opens for the person it names, and shows what it promises."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from engine.application import Application
from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.serving import prepare_demo
from engine.settings import Settings
from web.app import create_app

#: Words on the page → what a line of the table promises.
SHOWN = {
    "疑似重复": "可能是同一件事",
    "照片与另一案": "的照片相同",
    "退单等裁定": "准予退单",
    "复发提示": "复发：",
    "任务链接": "尚未发链接",
    "裁定先例": "裁定先例",
    "名册与走访": "特殊关怀人群",
    "网格码海报": "/poster",
    "网格长履职": "孙志远",
    "居村能做什么": "奉村准〔",
    "意见齐备，待审定": "不予准入",
    "居村反映违规": "整改到位",
    "凭准入编号": "派遣依据",
    "凭清单": "依法履职事项清单",
    "一键拒办": "未经准入，拒办",
    "时限停走": "停走",
    "等复查": "复查中",
    "保密的检举": "保密",
    "例会与议决": "区水务局牵头更新泵站",
    "转入下周": "待例会",
}


def test_every_sight_is_there_for_whoever_is_named(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    settings = replace(Settings.from_environment(), database_url=database_url, data=tmp_path)
    demo = prepare_demo(settings)
    sights = re.findall(r"^ *([a-z.]+) +(/\S+) +(.+?) / ", capsys.readouterr().out, re.MULTILINE)
    assert len(sights) == 26
    application = Application.of(demo)
    try:
        relay(application.database)
        keep_up(application.door, application.database, application.clock)
        app = create_app(application.settings, application.database, application.clock)
        for login, path, words in sights:
            with _signed_in(app, login) as client:
                page = client.get(path)
            assert page.status_code == 200, (login, path)
            for promised, shown in SHOWN.items():
                if promised in words:
                    assert shown in page.text, (login, path, shown)
            if "他人处处不见" in words:
                _nobody_else_sees(app, path)
    finally:
        application.close()


@contextmanager
def _signed_in(app: FastAPI, login: str) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://testserver") as client:
        token = re.search(r'name="csrf" value="([^"]+)"', client.get("/signin").text)
        assert token is not None
        client.post("/signin/as", data={"csrf": token[1], "login": login})
        yield client


def _nobody_else_sees(app: FastAPI, path: str) -> None:
    """Not the district's desk, its supervisor, the accused unit's head, nor the city's desk: neither page nor list."""
    for login in ("zhou.district", "feng.supervisor", "zheng.lead", "liu.handler", "wu.city"):
        with _signed_in(app, login) as client:
            assert client.get(path).status_code == 404, login
            assert path not in client.get("/tickets?workflow=petitions").text, login
