"""What is told of the chances that claims had, of which anti_fraud knows nothing."""

from functools import partial
from zoneinfo import ZoneInfo

from anti_fraud.pipeline.win_rates import ReadRolls
from codegen.domain.keys import Secret
from codegen.keyring import MasterKeyFile
from scan_api.pipeline.replay import PlanKeys
from scan_api.pipeline.rolls import read_rolls


def roll_reader(keys: MasterKeyFile, timezone: ZoneInfo) -> ReadRolls:
    """Give what makes rolls again, under the keys of all epochs.

    Raises MisconfiguredError where nobody can read them.
    """
    secrets = PlanKeys(
        keys.load_secrets(Secret.CHANCES), keys.load_secrets(Secret.CARDS)
    )
    return partial(read_rolls, keys=secrets, timezone=timezone)
