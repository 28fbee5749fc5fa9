"""What can go wrong with the embedded servers; each message is one plain sentence.

EmbeddedServerError
├── NotSetUpError        nothing was ever started on this data directory
├── AlreadyRunningError  another `crowncap up` holds this data directory
├── NotPrivateError      other users of the machine could reach a socket or a key
├── NoProgramError       the wheels bring no server for this platform
├── NoSpaceError         the disk is full
├── DamagedDataError     the data cannot be opened as they are
└── DoesNotStartError    anything else that a server's log gives as its reason
"""


class EmbeddedServerError(Exception):
    """An embedded server cannot be used; str() is a sentence for the user."""


class NotSetUpError(EmbeddedServerError):
    """Nothing was ever started on this data directory."""


class AlreadyRunningError(EmbeddedServerError):
    """Another `crowncap up` holds this data directory."""


class NotPrivateError(EmbeddedServerError):
    """Other users of the machine could reach a socket or a key."""


class NoProgramError(EmbeddedServerError):
    """The installed wheels bring no server for this platform."""


class NoSpaceError(EmbeddedServerError):
    """The disk is full."""


class DamagedDataError(EmbeddedServerError):
    """The data cannot be opened as they are."""


class DoesNotStartError(EmbeddedServerError):
    """A server refuses to start; the sentence quotes its log."""
