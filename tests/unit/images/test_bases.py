from __future__ import annotations

from pathlib import Path

from images.bases import debootstrap, sources


def test_debian_is_unpacked_with_what_every_system_needs_and_no_more() -> None:
    assert debootstrap(Path("/tmp/root")) == (
        "debootstrap",
        "--variant=minbase",
        "--force-check-gpg",
        "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
        "bookworm",
        "/tmp/root",
        "http://deb.debian.org/debian",
    )


def test_packages_come_from_debian_and_from_its_security_updates() -> None:
    assert (
        sources()
        == """\
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
    )
