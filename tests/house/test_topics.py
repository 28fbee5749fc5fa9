"""One topic has one name in every layer, so that who knows one layer knows them all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("routes", "pipeline", "store", "files", "domain")
# Where the topic of a module must be known, too: what answers HTTP calls the use case
# of its name, and SQL serves a use case or keeps what a domain knows.
KNOWN_IN = {"routes": ("pipeline",), "store": ("pipeline", "domain")}
# What is no topic but serves several, and why it stands in one layer alone.
HELPERS = {
    "anti_fraud/store/background_marks": "how far each job has read the scans",
    "anti_fraud/store/breaker": "what workers count, and look at with their state",
    "codegen/store/faults": "violated constraints of every topic, as sentences",
    "codegen/store/versions": "what workers load of ranges, products and kits at once",
    "codegen/store/voids": "codes that changes voided one by one, for all that counts",
    "printer_export/store/aggregation/events": "packing and moving both write them",
    "rewards/routes/fields": "fields that several routes read",
    "rewards/store/coupons/happened": "what issuing, redeeming and taking back tell",
    "rewards/store/filed_holds": "which case holds are in, for who sorts them",
    "rewards/store/hold_events": "how holds are told of, for who reads events",
    "rewards/store/given_days": "what all campaigns gave by day, for who watches them",
    "rewards/store/payouts/happened": "events of payouts",
    "rewards/store/points/happened": "what expiring tells",
    "scan_api/store/released_claims": "claims that ended, and begin again",
    "scan_api/routes/openapi": "what the framework cannot see of the hot route",
    "scan_api/routes/problems": "faults of the hot route, as bytes",
    "scan_api/store/binary_arrays": "how the hot statement hands over its arrays",
    "scan_api/store/commit_pool": "the hot path's connections",
    "scan_api/store/kept_facts": "what scans and releases keep of a verdict",
    "scan_api/store/keys": "how claims and scans are found",
    "scan_api/store/partitions": "storage of every growing table",
    "scan_api/store/planned_rewards": "the hot statement's arrays of rewards",
    "scan_api/store/prepared": "the hot path's statements",
    "printer_export/store/aggregation/dealers": "who had a cap last, for a job",
    "scan_api/store/claiming_scans": "scans that claimed their codes, for a job",
    "scan_api/store/scan_links": "who scanned on which device, for a job",
    "scan_api/store/scan_events": "what scans are told as",
}


def modules_of(layer: Path) -> Iterator[str]:
    """Name each module of a layer by its path, a folder by its own."""
    for path in layer.rglob("*.py"):
        place = path.relative_to(layer)
        name = place.parent if path.name == "__init__.py" else place.with_suffix("")
        if name != Path():
            yield name.as_posix()


def features() -> dict[str, dict[str, set[str]]]:
    """Read the tree: modules by feature and layer. A feature is what has a store."""
    return {
        store.parent.name: {
            layer: set(modules_of(store.parent / layer)) for layer in LAYERS
        }
        for store in sorted(ROOT.glob("*/store/"))
        if (store.parent / "domain").is_dir()
    }


def strangers(feature: str, layers: dict[str, set[str]]) -> Iterator[str]:
    """Name the modules whose topic no other layer knows.

    A part of a topic needs a namesake where the topic is in parts there, too.
    """
    for layer, others in KNOWN_IN.items():
        for name in layers[layer]:
            topic = name.rpartition("/")[0]
            around = [layers[each] for each in others if in_parts(topic, layers[each])]
            if around and name not in set().union(*around):
                yield f"{feature}/{layer}/{name}"


def in_parts(topic: str, modules: set[str]) -> bool:
    """Tell whether a topic is a folder there; a layer itself is one."""
    return not topic or any(name.startswith(f"{topic}/") for name in modules)


def twins(layers: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Pair names that tell one and many of a thing, such as `order` and `orders`."""
    names = set().union(*layers.values())
    return sorted((name, f"{name}s") for name in names if f"{name}s" in names)


def layers_of(**modules: Iterable[str]) -> dict[str, set[str]]:
    """Make up a feature."""
    return {layer: set(modules.get(layer, ())) for layer in LAYERS}


@pytest.mark.parametrize(
    ("made_up", "found"),
    [
        (layers_of(routes=["a"], pipeline=["a"], store=["a"]), []),
        (layers_of(routes=["a"], pipeline=["b"]), ["f/routes/a"]),
        (layers_of(store=["a"], domain=["a"]), []),
        (layers_of(routes=["a"], domain=["a"]), ["f/routes/a"]),
        (layers_of(store=["a", "a/b"], pipeline=["a", "a/c"]), ["f/store/a/b"]),
        (layers_of(store=["a", "a/b"], pipeline=["a"]), []),
    ],
)
def test_a_topic_of_one_layer_is_found(
    made_up: dict[str, set[str]], found: list[str]
) -> None:
    """By its name, or by its part's where another layer has parts as well."""
    assert list(strangers("f", made_up)) == found


def test_a_topic_has_its_name_in_every_layer_that_knows_it() -> None:
    """What is no topic is named here as a helper, with what it helps."""
    tree = features()
    assert {"codegen", "events", "printer_export", "rewards", "scan_api"} <= set(tree)
    found = {place for name in tree for place in strangers(name, tree[name])}
    assert sorted(found - set(HELPERS)) == []
    assert sorted(set(HELPERS) - found) == [], "no longer alone"


def test_no_topic_is_named_for_one_here_and_for_many_there() -> None:
    """Else a reader looks for the wrong one of the two."""
    found = {name: twins(layers) for name, layers in features().items()}
    assert {name: pairs for name, pairs in found.items() if pairs} == {}
