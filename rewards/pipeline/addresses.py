"""Where something is sent: closed before it is kept, and opened for who sends it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.secret_box import SecretBox


@dataclass(slots=True)
class Addresses:
    """Closes addresses, each bound to what is sent there, with a key of the shell's."""

    open_box: Callable[[], SecretBox]
    _box: SecretBox | None = field(default=None, repr=False)

    def close(self, address: str | None, transfer_id: int) -> bytes | None:
        """Close where something is sent; None where it is nowhere."""
        if address is None:
            return None
        return self._opened().wrap(address.encode(), _owner(transfer_id))

    def open(self, closed: bytes | None, transfer_id: int) -> str | None:
        """Open what `close` closed."""
        if closed is None:
            return None
        return self._opened().unwrap(closed, _owner(transfer_id)).decode()

    def _opened(self) -> SecretBox:
        if self._box is None:
            self._box = self.open_box()
        return self._box


def _owner(transfer_id: int) -> str:
    return f"address of {transfer_id}"
