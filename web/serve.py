"""What a server starts: the application on the installation that the environment describes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import FastAPI

from engine.application import Application
from engine.background.scheduler import scheduled
from engine.settings import Settings
from web.app import create_app


def create() -> FastAPI:
    """The application with its background work; `huying serve` hands this to uvicorn as a factory.

    Errors: as `Settings.from_environment`.
    """
    application = Application.of(Settings.from_environment())
    app = create_app(application.settings, application.database, application.clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            # Before requests hold connections of their own: the calendars are read with one of them.
            application.versions.book.look_again()
            with scheduled(application) if application.settings.schedules_inside else nullcontext():
                yield
        finally:
            application.close()

    app.router.lifespan_context = lifespan
    return app
