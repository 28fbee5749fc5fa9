"""One TCP connection to a printer."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from feeder.codes import Code
from feeder.drivers import Driver, Printer
from feeder.printer_replies import Answer, Status

_READ_BYTES: Final = 65536
# A peer that has vanished is noticed after some forty seconds, without a byte of ours.
_KEEPALIVE: Final = (
    (socket.TCP_KEEPIDLE, 10),
    (socket.TCP_KEEPINTVL, 10),
    (socket.TCP_KEEPCNT, 3),
)


class Connection:
    """Bytes to a printer and its answers; `lost` says why there are no more."""

    def __init__(
        self,
        driver: Driver,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        wake: asyncio.Event,
        clock: Callable[[], float],
    ) -> None:
        self._driver = driver
        self._reader = reader
        self._writer = writer
        self._wake = wake
        self._clock = clock
        self._answers: list[Answer] = []
        self.lost: str | None = None
        self.heard_at_s = clock()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls,
        printer: Printer,
        wake: asyncio.Event,
        clock: Callable[[], float],
        timeout_s: float,
    ) -> "Connection":
        """Connect; raises OSError or TimeoutError."""
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(printer.host, printer.port)
        connected: socket.socket = writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, value in _KEEPALIVE:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
        begin = printer.driver.begin()
        connection = cls(printer.driver, reader, writer, wake, clock)
        connection.write(begin)
        return connection

    def write(self, content: bytes) -> None:
        """Hand bytes to the operating system, at most a window of codes at a time."""
        if content and self.lost is None:
            self._writer.write(content)

    def frames(self, codes: list[Code]) -> bytes:
        """Write codes in the printer's language."""
        return b"".join(map(self._driver.frame, codes))

    def take_answers(self) -> list[Answer]:
        """Give what was heard since the last call, the last status only.

        Printers repeat themselves, and the others are older anyway.
        """
        answers, self._answers = self._answers, []
        statuses = [each for each in answers if isinstance(each, Status)]
        return [
            each
            for each in answers
            if not isinstance(each, Status) or each is statuses[-1]
        ]

    async def close(self) -> None:
        """Hang up."""
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    async def _listen(self) -> None:
        try:
            while received := await self._reader.read(_READ_BYTES):
                self.heard_at_s = self._clock()
                self._answers += self._driver.read(received)
                self._wake.set()
            self.lost = "the printer hung up"
        except OSError as error:
            self.lost = (error.strerror or str(error)).lower()
        finally:
            self._wake.set()
