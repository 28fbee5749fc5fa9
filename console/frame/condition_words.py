"""Conditions in words, whatever they ask of; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.frame.conditions import WORDS, decode_condition, ops_of
from core.conditions import FactKind

# Gives a text of the console in the reader's language.
Texts = Callable[[str], str]

_OPS: Final[Mapping[str, str]] = {
    "==": "op_is",
    "!=": "op_is_not",
    "in": "op_in",
    "not in": "op_not_in",
    ">": "op_above",
    ">=": "op_at_least",
    "<": "op_below",
    "<=": "op_at_most",
}


@dataclass(frozen=True, slots=True)
class ConditionWords:
    """Puts conditions into a reader's words; `fact` names what they ask of."""

    t: Texts
    fact: Callable[[str], str]

    def tell(self, tree: Any) -> str:
        """Tell a condition; what is within others stands in brackets."""
        return self._node(tree, outermost=True)

    def tell_kept(self, encoded: str) -> str:
        """Tell a condition that a form keeps whole."""
        tree = decode_condition(encoded)
        return encoded if tree is None else self.tell(tree)

    def ops(self, kind: FactKind) -> list[tuple[str, str]]:
        """List the comparisons that make sense on a kind of fact, with their words."""
        return [(op, self.t(_OPS[op])) for op in ops_of(kind)]

    def _node(self, node: Any, *, outermost: bool = False) -> str:
        if not isinstance(node, dict):
            return str(node)
        if set(node) == {"not"}:
            inner = node["not"]
            if isinstance(inner, dict) and inner.get("op") == "in":
                return self._comparison(inner | {"op": "not in"})
            return self.t("cond_not").format(condition=self._node(inner))
        ((word, parts), *more) = node.items()
        if word in WORDS and not more:
            told = self.t("cond_" + word).join(self._node(each) for each in parts)
            if outermost or len(parts) == 1:
                return told
            return self.t("bracketed").format(inner=told)
        return self._comparison(node)

    def _comparison(self, node: Mapping[str, Any]) -> str:
        value, fact = node.get("value"), self.fact(str(node.get("fact")))
        if isinstance(value, bool):
            word = "cond_true" if value is (node.get("op") != "!=") else "cond_false"
            return self.t(word).format(fact=fact)
        values = value if isinstance(value, list) else [value]
        return self.t("cond_compares").format(
            fact=fact,
            op=self.t(_OPS.get(str(node.get("op")), "op_is")),
            value=self.t("listed").join(map(str, values)),
        )
