"""What can go wrong while a store is prepared.

SetupFailed
|-- SetupRefused       the store says no; somebody has to act
`-- StoreUnreachable   it does not answer; another try may do
"""


class SetupFailed(Exception):
    """The store is not prepared; the text says why, without secrets."""


class SetupRefused(SetupFailed):
    """The store says no; somebody has to act."""


class StoreUnreachable(SetupFailed):
    """The store does not answer; another try may do."""
