"""Signatures of APIv3 (WECHATPAY2-SHA256-RSA2048) and its sealed notices."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from core.ids import random_token
from crowncap.wechat_pay.terms import WeChatPay

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
# What is signed longer ago, or later than now, is somebody's replay.
LATE_S: Final = 300
_NONCE_BYTES: Final = 16


def _joined(*lines: str, body: bytes) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode() + body + b"\n"


def authorize(
    pay: WeChatPay, method: str, target: str, body: bytes, *, now_s: int
) -> str:
    """Sign a request; `target` is its path with its query."""
    nonce, at = random_token(_NONCE_BYTES), str(now_s)
    signed = _joined(method, target, at, nonce, body=body)
    signature = b64encode(pay.merchant_key.sign(signed, PKCS1v15(), SHA256())).decode()
    fields = {
        "mchid": pay.terms.merchant_id,
        "nonce_str": nonce,
        "signature": signature,
        "timestamp": at,
        "serial_no": pay.terms.merchant_serial,
    }
    return f"{SCHEME} " + ",".join(f'{name}="{each}"' for name, each in fields.items())


def is_genuine(
    pay: WeChatPay, headers: Mapping[str, str], body: bytes, *, now_s: int
) -> bool:
    """Tell whether WeChat Pay signed a body just now; header names in small letters."""
    at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce")
    key = pay.platform_keys.get(headers.get("wechatpay-serial", ""))
    if key is None or nonce is None or not (at.isascii() and at.isdigit()):
        return False
    # The length first: Python refuses to read thousands of digits.
    if len(at) > len(str(now_s)) or abs(int(at) - now_s) > LATE_S:
        return False
    try:
        signature = b64decode(headers.get("wechatpay-signature", ""), validate=True)
        key.verify(signature, _joined(at, nonce, body=body), PKCS1v15(), SHA256())
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True


def open_sealed(
    pay: WeChatPay, *, nonce: str, associated: str, sealed: str
) -> bytes | None:
    """Open what is sealed with the APIv3 key (AEAD_AES_256_GCM); None if it is not."""
    try:
        return AESGCM(pay.api_v3_key).decrypt(
            nonce.encode(), b64decode(sealed, validate=True), associated.encode()
        )
    except (InvalidTag, NotBase64, ValueError):
        return None
