"""What there is to say of facts that a condition may ask for."""

from typing import Final

from core.messages import Sentences

FACTS: Final[Sentences] = {
    "fact_to_come": (
        "目前还不能使用事实 {fact}；可用的有：{known}。",
        "The fact {fact} is not known of members yet; known are: {known}.",
    ),
    "fact_of_scans": (
        "{fact} 是扫码的事实，领取礼品时没有；可用的有：{known}。",
        (
            "{fact} is a fact of scans, and who claims a gift scans nothing; known "
            "are: {known}."
        ),
    ),
}
