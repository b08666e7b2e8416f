"""Holds a Lease, so that one operator of several acts.

A holder that was away (paused, starved or cut off) may not know yet that another has taken over:
`ensure` is asked before every write, and reads nothing but a clock.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from waas_operator.errors import ClusterUnavailable, Conflict, LeadershipLost, OperatorError
from waas_operator.lease import (
    LeaseRecord,
    LeaseTimes,
    SeenLease,
    Step,
    build_lease,
    decide_step,
    look,
    read_lease,
)
from waas_operator.seams import Leases

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """Who wants which Lease; `identity` names a process, not only a pod."""

    lease_name: str
    lease_namespace: str
    identity: str
    times: LeaseTimes = field(default_factory=LeaseTimes)


class Leadership:
    """One candidate's hold on the Lease."""

    def __init__(
        self,
        leases: Leases,
        candidate: Candidate,
        *,
        monotonic: Callable[[], float],
        clock: Callable[[], datetime],
    ) -> None:
        """Take monotonic seconds for decisions, and a clock for what people read."""
        self._leases = leases
        self._candidate = candidate
        self._monotonic = monotonic
        self._clock = clock
        self._record: LeaseRecord | None = None
        self._renewed: float | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether no other can have taken over."""
        deadline = self._candidate.times.renew_deadline
        return self._renewed is not None and self._monotonic() - self._renewed < deadline

    def ensure(self) -> None:
        """Raise LeadershipLost unless this process may act."""
        if not self.is_held:
            raise LeadershipLost("the Lease was not renewed in time; another may act by now")

    async def acquire(self, note_look: Callable[[], None]) -> None:
        """Wait for the Lease; `note_look` is called whenever it could be looked at."""
        candidate, seen = self._candidate, None
        logger.info("waiting for the Lease %s as %s", candidate.lease_name, candidate.identity)
        while True:
            try:
                seen = await self._look(seen)
                note_look()
                if await self._try_to_take(seen):
                    logger.info("leading as %s", candidate.identity)
                    return
            except OperatorError as error:
                logger.warning("cannot look at the Lease: %s", error)
            await asyncio.sleep(candidate.times.retry)

    async def _look(self, before: SeenLease | None) -> SeenLease:
        name, namespace = self._candidate.lease_name, self._candidate.lease_namespace
        resource = await self._leases.get_lease(namespace, name)
        return look(read_lease(resource) if resource else None, before, self._monotonic())

    async def _try_to_take(self, seen: SeenLease) -> bool:
        step = decide_step(seen, self._candidate.identity, self._monotonic())
        if step is Step.WAIT:
            return False
        try:
            await self._write(self._candidate.identity, seen.record)
        except Conflict:
            # Another candidate was quicker.
            return False
        return True

    async def hold(self) -> None:
        """Renew the Lease until it is lost, which raises LeadershipLost."""
        times = self._candidate.times
        while True:
            await asyncio.sleep(times.retry)
            self.ensure()
            remaining = times.renew_deadline - (self._monotonic() - (self._renewed or 0))
            try:
                async with asyncio.timeout(remaining):
                    await self._renew()
            except (ClusterUnavailable, TimeoutError) as error:
                logger.warning("cannot renew the Lease: %s", error or "no answer in time")

    async def _renew(self) -> None:
        try:
            await self._write(self._candidate.identity, self._record)
        except Conflict:
            seen = await self._look(None)
            if seen.record is None or seen.record.holder != self._candidate.identity:
                self._renewed = None
                holder = seen.record.holder if seen.record else "nobody"
                raise LeadershipLost(f"the Lease is held by {holder}") from None
            self._record = seen.record

    async def release(self) -> None:
        """Let another take over at once; the caller has stopped to act."""
        if not self.is_held:
            return
        self._renewed = None
        try:
            # A renewal that was cut short may have been stored, so its version is asked for.
            seen = await self._look(None)
            if seen.record is None or seen.record.holder != self._candidate.identity:
                return
            await self._write("", seen.record)
        except OperatorError as error:
            logger.warning("the Lease is left to run out: %s", error)
        else:
            logger.info("released the Lease")
        self._renewed = None

    async def _write(self, identity: str, before: LeaseRecord | None) -> None:
        candidate = self._candidate
        lease = build_lease(
            candidate.lease_name,
            candidate.lease_namespace,
            identity,
            candidate.times,
            self._clock(),
            before=before,
        )
        # It counts from before the request, as others see it from some moment during it.
        sent = self._monotonic()
        stored = await self._leases.write_lease(lease)
        self._record, self._renewed = read_lease(stored), sent
