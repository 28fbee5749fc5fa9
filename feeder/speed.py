"""How fast codes are printed, over the last seconds."""

from collections import deque
from typing import Final

_SPAN_S: Final = 5.0
_SLICE_S: Final = 0.1


class Speed:
    """Counts codes in slices of a tenth of a second."""

    def __init__(self) -> None:
        self._slices: deque[tuple[float, int]] = deque()
        self._total = 0
        self._since: float | None = None

    def begin(self, now_s: float) -> None:
        """Begin to count, unless it has begun: the first codes are on their way."""
        if self._since is None:
            self._since = now_s

    def add(self, count: int, now_s: float) -> None:
        """Count some codes."""
        self.begin(now_s)
        if self._slices and now_s - self._slices[-1][0] < _SLICE_S:
            at, known = self._slices[-1]
            self._slices[-1] = (at, known + count)
        else:
            self._slices.append((now_s, count))
        self._total += count

    def per_s(self, now_s: float) -> float:
        """Tell the codes a second over the last five seconds, or fewer."""
        while self._slices and now_s - self._slices[0][0] > _SPAN_S:
            self._total -= self._slices.popleft()[1]
        if self._since is None or not self._slices:
            return 0.0
        return self._total / min(max(now_s - self._since, _SLICE_S), _SPAN_S)
