"""Request bodies: read whole, within a limit, as JSON of finite numbers, and checked field by field."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import errors
from pipelines import jsontext

LARGEST_BODY = jsontext.MAX_BYTES + 100_000


class Strict(BaseModel):
    """Base of request bodies. Documents stay plain JSON here: the service reads them and names what is wrong."""

    model_config = ConfigDict(extra="forbid", strict=True)


Body = TypeVar("Body", bound=Strict)


async def read_json(request: Request) -> Any:
    """The body as JSON of finite numbers, or None where it is empty."""
    gathered = bytearray()
    async for chunk in request.stream():
        gathered += chunk
        if len(gathered) > LARGEST_BODY:
            raise errors.Refused(f"This pipeline is larger than {jsontext.MAX_BYTES / 1e6:g} MB.", 413)
    if not gathered.strip():
        return None
    try:
        return await run_in_threadpool(jsontext.parse, bytes(gathered))
    except jsontext.NotJson as error:
        raise errors.Refused(str(error), 400) from error


async def read_body(request: Request, kind: type[Body]) -> Body:
    """The body as a `kind`."""
    value = await read_json(request)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise errors.Refused(f"This request cannot be read: {where}: {first['msg']}.", 422) from error
