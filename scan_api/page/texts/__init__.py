"""What the page says, in Chinese and English.

Each text stands as (Chinese, English), so that neither is forgotten.
"""

from typing import Final

from core.messages import Catalogue
from scan_api.page.texts.cap_views import CAP_VIEWS
from scan_api.page.texts.draws import DRAWS
from scan_api.page.texts.forms import FORMS
from scan_api.page.texts.frame import FRAME
from scan_api.page.texts.notices import NOTICES
from scan_api.page.texts.rewards import REWARDS

TEXTS: Final = Catalogue({**FRAME, **CAP_VIEWS, **FORMS, **NOTICES, **REWARDS, **DRAWS})
