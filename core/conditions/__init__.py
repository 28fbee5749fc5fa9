"""Conditions over facts, as data: what rule sets and campaigns are made of."""

from core.conditions.trees import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    ConditionValue,
    Fact,
    FactKind,
    Facts,
    Negation,
    Test,
    comparisons,
    compile_condition,
    without_not,
)

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "ConditionValue",
    "Fact",
    "FactKind",
    "Facts",
    "Negation",
    "Test",
    "comparisons",
    "compile_condition",
    "without_not",
]
