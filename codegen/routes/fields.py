"""The fields that several routes of codegen read, with their limits."""

from typing import Annotated

import msgspec

from codegen.domain.batch import MAX_TEXT

Text64 = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Region = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Regions = Annotated[tuple[Region, ...], msgspec.Meta(max_length=100)]
