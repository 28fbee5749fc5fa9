"""What rewards has to say: of campaigns."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        "ends_before_start": (
            "活动的结束时间必须晚于开始时间。",
            "A campaign ends after it starts.",
        ),
        "campaign_exists": (
            "已有活动 {campaign_id}。",
            "There is a campaign {campaign_id} already.",
        ),
    }
)
