"""A content's length and name are known before its bytes, which are always the same."""

import hashlib
import io
import zipfile
from dataclasses import replace

import pyrage
import pytest

from printer_export.domain.packages.orders import Encryption, PackageOrder, Sheet
from printer_export.domain.packages.rows import Preset
from printer_export.files.age import age_length, age_stream
from printer_export.files.package_content import (
    PackageContent,
    PackagePart,
    plan_content,
)
from tests.fixtures.package_vector import KEYS, SECRET, SIGNING_KEY, package_of

# WinZip's AES has its own parameters; the library that derives keys warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:PBKDF2 without:DeprecationWarning")

IDENTITIES = tuple(pyrage.x25519.Identity.generate() for _ in range(2))
RECIPIENTS = tuple(str(each.to_public()) for each in IDENTITIES)
# More rows than a block has, in files that are not all as long.
ORDER = PackageOrder(Preset.CSV, 3, 79_999, codes_per_roll=70_001, lanes=2)
CLOSED = {
    Encryption.NONE: (ORDER, None),
    Encryption.PASSWORD: (replace(ORDER, encryption=Encryption.PASSWORD), "open"),
    Encryption.AGE: (
        replace(ORDER, encryption=Encryption.AGE, age_recipients=RECIPIENTS),
        None,
    ),
}


def plan(order: PackageOrder, password: str | None = None) -> PackageContent:
    """Plan the content of an order."""
    return plan_content(package_of(order), KEYS, SIGNING_KEY, password)


def make(content: PackageContent) -> bytes:
    """Make all bytes of a content."""
    return b"".join(content.chunks())


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("closed", Encryption)
def test_the_length_is_known_and_the_bytes_are_the_same(
    preset: Preset, closed: Encryption
) -> None:
    """For each preset and each way to close a package."""
    order, password = CLOSED[closed]
    content = plan(replace(order, preset=preset), password)
    made = make(content)
    assert len(made) == content.length
    assert make(plan(replace(order, preset=preset), password)) == made


def test_a_sheet_has_its_length_too() -> None:
    """Its chunks are as long as they turn out."""
    order = PackageOrder(Preset.LINES, 0, 99, sheet=Sheet.A4)
    package = package_of(order, link_base="HTTPS://CAPS.CN")
    content = plan_content(package, KEYS, SIGNING_KEY)
    assert len(make(content)) == content.length


@pytest.mark.parametrize("closed", Encryption)
@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (0, None), (1, None), (123_456, 1_234_567), (-1, None)]
)
def test_a_part_is_that_part_of_the_whole(
    closed: Encryption, start: int, end: int | None
) -> None:
    """Whoever makes the last byte knows the digest of all of them."""
    content = plan(*CLOSED[closed])
    made = make(content)
    first = start % content.length
    part = PackagePart(content, first, content.length if end is None else end)
    assert b"".join(part.pieces()) == made[first:end]
    expected = hashlib.sha256(made).hexdigest() if end is None else None
    assert part.sha256 == expected


def test_a_part_that_nobody_reads_on_ends() -> None:
    """Even while what precedes it is made."""
    content = plan(ORDER)
    part = PackagePart(content, 0, content.length)
    pieces = part.pieces()
    next(pieces)
    part.leave()
    assert list(pieces) == []


def test_each_recipient_opens_what_was_encrypted() -> None:
    """And nobody else."""
    content = plan(*CLOSED[Encryption.AGE])
    sealed = make(content)
    for identity in IDENTITIES:
        opened = pyrage.decrypt(sealed, [identity])
        with zipfile.ZipFile(io.BytesIO(opened)) as archive:
            assert archive.testzip() is None
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
@pytest.mark.parametrize("step", [1_000, 65_536, 1 << 20])
def test_any_length_in_any_pieces_is_what_age_reads(length: int, step: int) -> None:
    """The last piece is marked, be it full, part or empty."""
    plain = bytes(length)
    chunks = iter([plain[at : at + step] for at in range(0, length, step)])
    sealed = b"".join(age_stream(chunks, RECIPIENTS[:1], SECRET))
    assert len(sealed) == age_length(length, RECIPIENTS[:1])
    assert pyrage.decrypt(sealed, [IDENTITIES[0]]) == plain


def test_another_content_has_another_name_and_other_keys() -> None:
    """Else two contents would meet one key and counter."""
    order, password = CLOSED[Encryption.PASSWORD]
    others = [
        plan(order, password),
        plan(order, "other"),
        plan(replace(order, to_index=79_998), password),
        plan(replace(order, module_mm=0.4), password),
        plan(replace(order, printhouse="Moon Print"), password),
        plan(*CLOSED[Encryption.AGE]),
        plan(replace(CLOSED[Encryption.AGE][0], age_recipients=RECIPIENTS[:1])),
    ]
    secrets = {SIGNING_KEY.content_secret(each.fingerprint) for each in others}
    assert len(secrets) == len({each.etag for each in others}) == len(others)


def test_no_two_members_of_a_locked_zip_share_a_salt() -> None:
    """Each member is another content."""
    made = make(plan(*CLOSED[Encryption.PASSWORD]))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        salts = set()
        for each in archive.infolist():
            name_bytes = len(each.filename.encode())
            # A local header, its name and extra fields of Zip64 and AE-2 precede it.
            at = each.header_offset + 30 + name_bytes + 20 + 11
            salts.add(made[at : at + 16])
        assert len(salts) == len(archive.infolist())
