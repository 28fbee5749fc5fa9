"""The fixtures that every test may ask for, by topic."""

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.embedded",
    "tests.fixtures.service",
    "tests.fixtures.shared_service",
    "tests.fixtures.colleague",
    "tests.fixtures.doors",
    "tests.fixtures.ground",
    "tests.fixtures.coupons",
    "tests.fixtures.gifts",
    "tests.fixtures.payouts",
    "tests.fixtures.draws",
    "tests.fixtures.lottery",
    "tests.fixtures.cards",
    "tests.fixtures.cases",
    "tests.fixtures.festival",
    "tests.fixtures.shop",
    "tests.fixtures.programs",
]
