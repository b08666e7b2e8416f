"""Packages on a fresh machine, by an apt-get that writes down what it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster import apt
from cluster.errors import PackagesUnavailable

APT_GET = """\
#!/bin/sh
while [ "${1#--option}" != "$1" ]; do shift; done
echo "$@" >> "$ASKED"
[ "$1" = update ] && { touch "$LISTS"; exit "$UPDATE_EXIT"; }
[ -e "$LISTS" ] && exit "$EXIT"
echo "E: Unable to locate package $2" >&2
exit 100
"""
INSTALL = "install --yes --no-install-recommends --no-remove containerd runc"


class FreshMachine:
    """One without lists; `exit_code` is how apt-get ends once it has them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = folder / "apt-get"
        program.write_text(APT_GET)
        program.chmod(0o755)
        self.lists = folder / "lists"
        self._asked = folder / "asked"
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setenv("LISTS", str(self.lists))
        monkeypatch.setenv("ASKED", str(self._asked))
        self.end_with(0)

    def end_with(self, exit_code: int, *, update: int = 0) -> None:
        self._monkeypatch.setenv("EXIT", str(exit_code))
        self._monkeypatch.setenv("UPDATE_EXIT", str(update))

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FreshMachine:
    return FreshMachine(tmp_path, monkeypatch)


def test_lists_that_are_good_are_not_fetched_again(machine: FreshMachine) -> None:
    machine.lists.touch()

    apt.install("containerd", "runc")

    assert machine.asked() == [INSTALL]


def test_a_machine_without_lists_gets_them(machine: FreshMachine, tmp_path: Path) -> None:
    apt.install("containerd", "runc")
    machine.lists.unlink()
    apt.download("prometheus", tmp_path)

    download = "download prometheus"
    assert machine.asked() == [INSTALL, "update", INSTALL, download, "update", download]


def test_lists_of_which_one_cannot_be_fetched_may_do(machine: FreshMachine) -> None:
    machine.end_with(0, update=100)

    apt.install("containerd", "runc")

    assert machine.asked() == [INSTALL, "update", INSTALL]


def test_what_apt_said_last_is_told(machine: FreshMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTS", "/nowhere/lists")

    with pytest.raises(PackagesUnavailable, match="E: Unable to locate package chromium"):
        apt.download("chromium", Path("/"))
    assert len(machine.asked()) == 3
