"""What a package is as a download: its length, its name for caches, and its bytes.

Everything but the bytes is known without making them: rows have one length, and what
is signed has the length that its signature needs.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from codegen.domain import EpochKeys
from printer_export.domain.packages.manifest import FileFact, word_manifest, word_sums
from printer_export.domain.packages.orders import Encryption, Package
from printer_export.files.age import age_length, age_stream
from printer_export.files.archive import ZipLock, zip_length
from printer_export.files.building import RowSource, list_files, stream_package
from printer_export.files.signing import SigningKey

_NO_DIGEST: Final = "0" * 64
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class PackageContent:
    """The content of a package; `fingerprint` is another's as soon as a byte is."""

    package: Package
    keys: EpochKeys = field(repr=False)
    signing_key: SigningKey = field(repr=False)
    password: str | None = field(repr=False)
    fingerprint: bytes
    length: int

    @property
    def etag(self) -> str:
        """The name of these bytes (RFC 9110, section 8.8.3); a strong one."""
        return f'"{self.package.package_id}-{self.fingerprint.hex()[:32]}"'

    @property
    def file_name(self) -> str:
        """Name a package's file."""
        return f"package-{self.package.package_id}.zip" + (
            ".age" if self._is_for_age else ""
        )

    @property
    def media_type(self) -> str:
        """Tell what the file is."""
        return "application/octet-stream" if self._is_for_age else "application/zip"

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, closed as was ordered: the same each time."""
        secret = self.signing_key.content_secret(self.fingerprint)
        lock = None if self.password is None else ZipLock(self.password, secret)
        chunks = stream_package(self.package, self.keys, self.signing_key, lock)
        if self._is_for_age:
            return age_stream(chunks, self.package.order.age_recipients, secret)
        return chunks

    @property
    def _is_for_age(self) -> bool:
        return self.package.order.encryption is Encryption.AGE


def plan_content(
    package: Package,
    keys: EpochKeys,
    signing_key: SigningKey,
    password: str | None = None,
) -> PackageContent:
    """Tell all of a package's content but its bytes."""
    facts: list[FileFact] = []
    members: list[tuple[str, list[int]]] = []
    seen = hashlib.sha256(version("crowncap").encode())
    source = RowSource.of(package, keys)

    def note(path: str, lengths: list[int]) -> None:
        members.append((path, lengths))
        facts.append(FileFact(path, sum(lengths), _NO_DIGEST))

    for path, chunks, data in list_files(package, keys):
        if data is None:
            lengths = []
            for chunk in chunks:
                seen.update(chunk)
                lengths.append(len(chunk))
            note(path, lengths)
        else:
            # A row stands for the layout of all and for the keys that seal them.
            seen.update(source.layout.header + source.rows(data, 0, 1).tobytes())
            lengths = source.chunk_lengths(data)
            members.append((path, lengths))
            facts.append(FileFact(path, sum(lengths), _NO_DIGEST, data))
    manifest = word_manifest(package, facts, signing_key.key_id)
    note("manifest.json", [len(manifest)])
    note("manifest.sig", [_SIGNATURE_BYTES])
    members.append(("SHA256SUMS", [len(word_sums(facts))]))
    for part in (manifest, (password or "").encode(), _order_of(package)):
        seen.update(hashlib.sha256(part).digest())
    length = zip_length(members, locked=password is not None)
    recipients = package.order.age_recipients
    if package.order.encryption is Encryption.AGE:
        length = age_length(length, recipients)
    return PackageContent(package, keys, signing_key, password, seen.digest(), length)


def _order_of(package: Package) -> bytes:
    return repr((package.order, package.sample_code_id)).encode()


@dataclass(slots=True)
class PackagePart:
    """The bytes from `start` up to `end` of a content, one piece after the other.

    What precedes is made and thrown away, since digests of all of it stand at the end
    of a package. `sha256` is that of the whole, known once its last byte was made.
    """

    content: PackageContent
    start: int
    end: int
    sha256: str | None = None
    _left: bool = False

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces; ends early when its reader has left."""
        digest, at = hashlib.sha256(), 0
        whole = self.end == self.content.length
        for chunk in self.content.chunks():
            if self._left:
                return
            if whole:
                digest.update(chunk)
            piece = chunk[max(0, self.start - at) : max(0, self.end - at)]
            at += len(chunk)
            if whole and at == self.end:
                self.sha256 = digest.hexdigest()
            if piece:
                yield piece
            if at >= self.end:
                return

    def leave(self) -> None:
        """Say that nobody reads on."""
        self._left = True
