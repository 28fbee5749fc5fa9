"""The fields that routes of every feature read, with their limits."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from core.bounds import MAX_INTEGER, MAX_PAGE, MAX_SENTENCE, MAX_TEXT

Text64 = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SENTENCE)]
QueryId = Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)]
OptionalId = Annotated[int | None, QueryParameter(ge=0, le=MAX_INTEGER)]
Cursor = OptionalId
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
