"""Which card of a set is given where no code says it."""

from dataclasses import dataclass

from codegen.domain.keys import Secret
from codegen.keyring import MasterKeyFile
from rewards.domain.cards import Card, CardSet, pick_card


@dataclass(frozen=True, slots=True)
class AwardedCards:
    """Picks cards by the numbers under which they are given, as codes pick theirs."""

    keys: MasterKeyFile

    def pick(self, cards: CardSet, award_id: int) -> Card:
        """Pick under the key of the newest epoch; raises MisconfiguredError."""
        secrets = self.keys.load_secrets(Secret.CARDS)
        return pick_card(secrets[max(secrets)], cards, award_id)
