"""Send prepared requests in order over a few connections, and keep every answer.

Requests of the same member, device or code wait for each other, as a phone waits for
its answer; others may overtake them meanwhile, but only some dozens. A deed, such as
an activation, waits until all is answered.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

CONNECTIONS: Final = 24
# Requests that are under way or wait for others of the same people.
AT_ONCE: Final = 72
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Letter:
    """A request, and whom it is of: those that share anything go one by one."""

    number: int
    content: bytes
    alone: tuple[object, ...]


Deed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class Line:
    """One connection, opened anew when the server has let it go meanwhile."""

    port: int
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def exchange(self, content: bytes) -> Reply:
        """Send a request and read its answer."""
        try:
            return await self._try(content)
        except (asyncio.IncompleteReadError, ConnectionError) as fault:
            if isinstance(fault, asyncio.IncompleteReadError) and fault.partial:
                raise
            # It was let go before this request came, which nobody has read.
            self.close()
            return await self._try(content)

    async def _try(self, content: bytes) -> Reply:
        if self._reader is None or self._writer is None:
            opened = await asyncio.open_connection("127.0.0.1", self.port)
            self._reader, self._writer = opened
        self._writer.write(content)
        head = await self._reader.readuntil(HEAD_END)
        at = head.lower().index(LENGTH) + len(LENGTH)
        length = int(head[at : head.index(b"\r", at)])
        body = msgspec.json.decode(await self._reader.readexactly(length))
        return Reply(int(head[9:12]), body)

    def close(self) -> None:
        """Let it go."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


@dataclass(slots=True)
class Sender:
    """Sends over some lines."""

    lines: list[Line]
    replies: dict[int, Reply] = field(default_factory=dict)
    _free: asyncio.Queue[Line] = field(default_factory=asyncio.Queue)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    # The last request under way of each whom requests are of.
    _last: dict[object, asyncio.Task[None]] = field(default_factory=dict)

    async def send(self, actions: Iterable[Letter | Deed]) -> None:
        """Send all, in order; the first fault ends it."""
        for line in self.lines:
            self._free.put_nowait(line)
        async with asyncio.TaskGroup() as tasks:
            for action in actions:
                if isinstance(action, Letter):
                    await self._room.acquire()
                    before = {self._last[k] for k in action.alone if k in self._last}
                    task = tasks.create_task(self._exchange(action, before))
                    self._last.update(dict.fromkeys(action.alone, task))
                else:
                    await self._settle()
                    await asyncio.to_thread(action)
        for line in self.lines:
            line.close()

    async def _exchange(self, letter: Letter, before: set[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        line = await self._free.get()
        self.replies[letter.number] = await line.exchange(letter.content)
        self._free.put_nowait(line)
        own = asyncio.current_task()
        for key in letter.alone:
            if self._last.get(key) is own:
                del self._last[key]
        self._room.release()

    async def _settle(self) -> None:
        while self._last:
            await asyncio.wait(set(self._last.values()))


def send_all(port: int, actions: Sequence[Letter | Deed]) -> dict[int, Reply]:
    """Send letters and do deeds in their order; gives the replies by number."""
    sender = Sender([Line(port) for _ in range(CONNECTIONS)])
    asyncio.run(sender.send(actions))
    return sender.replies
