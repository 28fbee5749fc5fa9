"""Codes as somebody posted them in a chat, to paste into *Leaks*."""

from pathlib import Path
from typing import Final

import numpy as np

from codegen.domain.batches import Batch
from codegen.domain.code_text import cap_link, group
from codegen.domain.keys import EpochKeys
from codegen.domain.sealing import seal
from codegen.keyring import write_durably
from crowncap.demo import leak_path
from crowncap.demo_week.shoppers import LEAKED

_POST: Final = """\
【牛奶群】内部瓶盖码，一个 5 分，先到先得，别外传！
{codes}
还有整卷的，私聊。 0123-4567-89AB-CDEF 这种是假的，别买。
"""


def write_leak(data_dir: Path, keys: EpochKeys, batch: Batch) -> None:
    """Write what was posted, unless it is there; only its owner may read it."""
    path = leak_path(data_dir)
    if not path.exists():
        write_durably(path, word_leak(keys, batch).encode())


def word_leak(keys: EpochKeys, batch: Batch) -> str:
    """Word the post: links, groups and small letters, one code twice, one forged."""
    serials = batch.first_serial + np.array(LEAKED, np.uint64)
    texts = [row.tobytes().decode() for row in seal(keys, batch.epoch, serials)]
    links = [cap_link(batch.link_base, batch.link_form, batch.gtin, t) for t in texts]
    ways = [
        links,
        [group(t) for t in texts],
        [f"「{group(t).lower()}」" for t in texts],
    ]
    lines = [f"{n + 1}. {ways[n % len(ways)][n]}" for n in range(len(texts))]
    return _POST.format(codes="\n".join([*lines, f"再发一遍 {texts[0]}"]))
