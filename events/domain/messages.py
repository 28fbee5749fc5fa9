"""What events has to say: of reading them."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        "not_an_event_id": (
            "event_id 是 32 位小写十六进制数字，取自上一页最后一个事件。",
            (
                "An event_id is 32 hexadecimal digits in small letters, as the last "
                "event of the page before has it."
            ),
        ),
        "events_are_of_all": (
            "事件涉及所有品牌和门店，而此令牌只限于其中一个。",
            "Events are of all brands and stores; this token is for one.",
        ),
        "events_forgotten": (
            (
                "{after} 之后的部分事件已不再保留；请不带 after 重新读取，"
                "并核对其间的变化。"
            ),
            (
                "Some events after {after} are no longer kept. Read on without "
                "`after`, and look up what may have changed meanwhile."
            ),
        ),
    }
)
