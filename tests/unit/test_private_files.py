"""Keys that others can read are refused, each of them alike."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.keyring import MasterKeyFile
from core.auth.members import MemberSigner, MemberVerifier
from core.errors import MisconfiguredError
from printer_export.files.signing import SigningKeyFile


def master(keys: Path) -> Path:
    """Make, or read, the master keys."""
    MasterKeyFile(keys / "master-keys").add_epoch(0)
    return keys / "master-keys"


def signing(keys: Path) -> Path:
    """Make, or read, the key of packages."""
    file = SigningKeyFile(keys / "signing.pem")
    file.create()
    file.load()
    return file.path


def member(keys: Path) -> Path:
    """Make, or read, the key of members' tokens."""
    MemberSigner.load_or_create(keys)
    return keys / "member-signing.pem"


@pytest.mark.parametrize("use", [master, signing, member])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(
    use: Callable[[Path], Path], mode: int, tmp_path: Path
) -> None:
    """With the command that mends it."""
    path = use(tmp_path)
    path.chmod(mode)
    with pytest.raises(MisconfiguredError, match=f"chmod 600 {path}"):
        use(tmp_path)
    path.chmod(0o600)
    use(tmp_path)


def test_verification_keys_that_everybody_can_write_are_refused(tmp_path: Path) -> None:
    """Whoever adds a key signs in as anybody; to read them harms nobody."""
    member(tmp_path)
    path = tmp_path / "member-jwks.json"
    path.chmod(0o644)
    MemberVerifier.from_file(path)
    path.chmod(0o646)
    with pytest.raises(MisconfiguredError, match="chmod o-w"):
        MemberVerifier.from_file(path)
