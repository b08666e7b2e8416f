"""What can go wrong with images.

ImagesError
├── UnknownImage        no image has that name
├── ImagesUnavailable   this machine lacks what a build takes, so none was begun
│   ├── NoBuilder       neither buildah, docker nor podman can be used here
│   ├── NoBase          a base image is neither in a registry in reach nor can be made here
│   └── DiskTooFull     a build would fill the disk
└── CommandFailed       a builder or one of its helpers failed
"""

from __future__ import annotations


class ImagesError(Exception):
    """An image can't be had; the message says what to do about it."""


class UnknownImage(ImagesError):
    """No image has that name."""


class ImagesUnavailable(ImagesError):
    """This machine lacks what a build takes, so none was begun: a reason to skip a test."""


class NoBuilder(ImagesUnavailable):
    """Neither buildah, docker nor podman can be used here."""


class NoBase(ImagesUnavailable):
    """A base image is neither in a registry in reach nor can be made here."""


class DiskTooFull(ImagesUnavailable):
    """A build would fill the disk."""


class CommandFailed(ImagesError):
    """A builder or one of its helpers failed; the message ends with its last lines."""
