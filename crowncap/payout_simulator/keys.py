"""Both sides' keys, and the file that tells Crowncap of them."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from core.ids import random_token

MERCHANT: Final = "1900000001"
APP: Final = "wxsimulated"
PLATFORM_SERIAL: Final = "PUB_KEY_ID_SIMULATED"
_TERMS: Final = """\
# What `crowncap payout-simulator` has made: CROWNCAP_WECHAT_PAY names this file.
url = "{url}"
merchant_id = "{merchant}"
app_id = "{app}"
merchant_serial = "SIMULATED"
merchant_key = "merchant.pem"
api_v3_key = "api-v3-key"
scene_id = "1000"
remark = "Red packet"
report = [{{ type = "活动名称", content = "扫码有礼" }}]

[platform_keys]
{serial} = "platform.pub"
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the payer signs and seals with, and verifies by."""

    platform: RSAPrivateKey
    merchant: RSAPublicKey
    api_v3: bytes

    def sign(self, *lines: str) -> str:
        """Sign as an answer or a notice is signed."""
        text = "".join(f"{line}\n" for line in lines).encode()
        return b64encode(self.platform.sign(text, PKCS1v15(), SHA256())).decode()

    def is_merchants(self, signature: bytes, *lines: str) -> bool:
        """Tell whether the merchant signed these lines."""
        text = "".join(f"{line}\n" for line in lines).encode()
        try:
            self.merchant.verify(signature, text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    def seal(self, text: bytes, nonce: str, associated: str) -> str:
        """Seal as the content of a notice is sealed."""
        sealed = AESGCM(self.api_v3).encrypt(nonce.encode(), text, associated.encode())
        return b64encode(sealed).decode()


def make_keys(directory: Path) -> Keys:
    """Make fresh keys of both sides in a directory."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    platform, merchant = _fresh_key(), _fresh_key()
    api_v3 = random_token(24).encode()
    public = platform.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    secret = merchant.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(directory / "merchant.pem", secret)
    _write(directory / "platform.pub", public)
    _write(directory / "api-v3-key", api_v3)
    return Keys(platform, merchant.public_key(), api_v3)


def write_terms(directory: Path, url: str) -> Path:
    """Write the file that names the keys in a directory, and who is paid by."""
    told = _TERMS.format(url=url, merchant=MERCHANT, app=APP, serial=PLATFORM_SERIAL)
    path = directory / "wechat-pay.toml"
    _write(path, told.encode())
    return path


def _fresh_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2048)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)
