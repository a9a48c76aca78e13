"""The loop of the ears' process: commands, new connections, sound, once in every tick.

A tick that comes late finds more sound and hears it in larger batches, which is cheaper: when there is much to hear, ticks
become longer. The process ends when the service's end of their sockets is closed, or the service is no longer its parent.
"""

import os
import select
import socket
import time
from uuid import UUID

import numpy as np

from dialer.audio.frontend import MOST_AT_ONCE
from dialer.audio.home import repertoire
from dialer.clock import Clock
from dialer.listening.control import Control
from dialer.listening.hearing import Hearing, Stream
from dialer.listening.intake import Intake, Read
from dialer.listening.matcher import Matcher
from dialer.listening.pace import Pace
from dialer.listening.strangers import Refusals, Strangers
from dialer.listening.wire import Answered, Drop, Listen, Message, Serve
from dialer.ports.ears import EarsFigures, TapClosed, TapId

EXPECTED_S = 10.0
"""After this nobody brings the sound any more."""
REPORT_S = 0.5
REFRESH_S = 5.0
_REST = 3  # a tick is at least so many times as long as its work took …
_STRETCHED_S = 0.16  # … but no longer than this
_LONGEST_S = 0.5  # of reading on for streams that had more than one reading takes


class Receiver:
    """`parent`: the service's process id."""

    def __init__(
        self,
        serve: Serve,
        control: Control,
        port: socket.socket,
        matcher: Matcher,
        clock: Clock,
        parent: int,
    ) -> None:
        self._tick_s, self._parent = serve.tick_s, parent
        self._control, self._port, self._clock = control, port, clock
        self._refusals = Refusals()
        self._strangers = Strangers(port, self._refusals)
        self._matcher, self._refreshed_at = matcher, clock.monotonic()
        self._intake = Intake(serve.most_streams)
        self._pace = Pace(serve.most_streams)
        self._hearing = Hearing(serve.most_streams, self._pace, matcher, clock, control.say)
        self._expected: dict[TapId, tuple[Stream, float]] = {}
        self._streams: dict[int, Stream] = {}
        self._rows: dict[TapId, int] = {}
        self._heard = np.zeros(serve.most_streams, bool)
        self._sound = np.zeros(serve.most_streams, np.int64)
        self._total = self._late = self._frames = self._silences = 0
        self._longest_s = 0.0
        self._reported_at = float("-inf")

    def run(self) -> None:
        clock = self._clock
        due = clock.monotonic()
        while self._control.is_open and os.getppid() == self._parent:
            begun = clock.monotonic()
            on_time = begun <= due + self._tick_s
            self._late += bool(self._streams) and not on_time
            self.tick(begun, on_time)
            self._report(begun)
            self._control.flush()
            now = clock.monotonic()
            self._longest_s = max(self._longest_s, now - begun)
            due = begun + self._until_next(now - begun) if self._busy else now + REPORT_S
            self._wait(due)

    def _until_next(self, took_s: float) -> float:
        return max(self._tick_s, min(_REST * took_s, _STRETCHED_S), took_s)

    @property
    def _busy(self) -> bool:
        return bool(self._streams or self._strangers)

    def _wait(self, until: float) -> None:
        """Commands are taken at once, connections with the next tick; while there is no sound, they begin one."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not self._busy:
            poll.register(self._port, select.POLLIN)
        while (left := until - self._clock.monotonic()) > 0:
            ready = poll.poll(left * 1000)
            if any(fd == self._port.fileno() for fd, _ in ready):
                return
            if ready:
                self._obey()
                if not self._control.is_open:
                    return

    def tick(self, now: float, on_time: bool = True) -> None:
        """`on_time`: false when the machine had no time for us, and perhaps not for Asterisk either: nothing is missing
        that may still come."""
        self._obey()
        self._strangers.accept(now)
        for connection, uuid in self._strangers.known(now, lambda each: TapId(each) in self._expected):
            self._meet(connection, uuid, now)
        rows = self._intake.rows
        while rows:
            before = self._clock.monotonic()
            read = self._intake.read(rows)
            self._hear(read, before, on_time)
            for row, why in read.ended:
                self._ended(row, why, now)
            gone = {row for row, _ in read.ended}
            rows = [row for row in read.rows[~read.drained].tolist() if row not in gone]
            if self._clock.monotonic() - now > _LONGEST_S:
                break
        self._forget(now)

    # --- commands -------------------------------------------------------------------------------------

    def _obey(self) -> None:
        for message in self._control.commands():
            self._do(message)

    def _do(self, message: Message) -> None:
        if isinstance(message, Listen):
            repertoire(message.home)  # a third of a second, once: better now than between two frames
            until = self._clock.monotonic() + EXPECTED_S
            self._expected[message.tap] = Stream(message.tap, message.home, message.audience), until
        elif isinstance(message, Answered):
            self._answered(message)
        elif isinstance(message, Drop):
            self._expected.pop(message.tap, None)
            if (row := self._rows.get(message.tap)) is not None:
                self._close(row)

    def _answered(self, message: Answered) -> None:
        moment = self._clock.monotonic() - (self._clock.now() - message.at).total_seconds()
        row = self._rows.get(message.tap)
        if row is not None and self._heard[row]:
            self._hearing.answered(row, moment, message.at)
            return
        expected = self._expected.get(message.tap)
        stream = self._streams[row] if row is not None else expected[0] if expected else None
        if stream is not None:
            stream.answered, stream.told_answered = moment, message.at

    # --- streams --------------------------------------------------------------------------------------

    def _meet(self, connection: socket.socket, uuid: UUID, now: float) -> None:
        tap = TapId(uuid)
        if self._intake.full:
            self._strangers.refuse(connection, "more streams than ears.most_streams", now)
            return
        stream, _ = self._expected.pop(tap)
        row = self._intake.open(connection)
        self._pace.reset(row)
        self._heard[row], self._sound[row] = False, 0
        self._streams[row], self._rows[tap] = stream, row
        self._total += 1

    def _hear(self, read: Read, before: float, on_time: bool) -> None:
        """As many frames at a time as all streams have that have any left."""
        rows, counts = read.rows, read.counts
        silence = self._pace.missing(rows, counts, read.drained & on_time, before, self._clock.monotonic())
        for row in rows[(counts > 0) & ~self._heard[rows]].tolist():
            self._heard[row] = True
            self._hearing.open(row, self._streams[row])
        total = silence + counts
        first, done = self._pace.fed[rows] - total, 0
        while (has := total > done).any():
            some = np.arange(done, min(int(total[has].min()), done + MOST_AT_ONCE))
            slots = np.asarray(some - silence[has, None], np.intp)
            self._hearing.feed(self._intake.frames(rows[has], slots), rows[has], first[has] + done)
            done += len(some)
        self._sound[rows] += counts
        self._frames += int(counts.sum())
        self._silences += int(silence.sum())

    def _ended(self, row: int, why: str, now: float) -> None:
        tap = self._streams[row].tap
        if why:
            self._refusals.add(why, now)
        self._control.say(TapClosed(tap, self._clock.now(), int(self._sound[row])))
        self._close(row)

    def _close(self, row: int) -> None:
        if self._heard[row]:
            self._hearing.close(row)
        del self._rows[self._streams.pop(row).tap]
        self._intake.close(row)

    def _forget(self, now: float) -> None:
        """Expected streams that did not come: the oldest are first."""
        while self._expected:
            tap, (_, until) = next(iter(self._expected.items()))
            if until > now:
                return
            del self._expected[tap]
            self._control.say(TapClosed(tap, self._clock.now(), 0))

    # --- figures --------------------------------------------------------------------------------------

    def _report(self, now: float) -> None:
        if now - self._refreshed_at >= REFRESH_S:
            self._refreshed_at = now
            self._matcher.refresh()
        if now - self._reported_at < REPORT_S:
            return
        self._reported_at = now
        self._control.say(self.figures())

    def figures(self) -> EarsFigures:
        return EarsFigures(
            len(self._streams),
            self._total,
            self._frames,
            self._silences,
            self._refusals.count,
            self._late,
            round(self._longest_s, 4),
            round(time.process_time(), 3),
        )

    def close(self) -> None:
        self._strangers.close()
        for row in list(self._streams):
            self._close(row)
