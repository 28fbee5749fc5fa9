"""Backups: a directory that holds the database and all that stands outside it."""

from crowncap.backup.contents import BackupError, Manifest
from crowncap.backup.restore import Restored, restore_backup
from crowncap.backup.take import Taken, take_backup

__all__ = [
    "BackupError",
    "Manifest",
    "Restored",
    "Taken",
    "restore_backup",
    "take_backup",
]
