"""
A Homeport agent in another language, written from the .proto files and docs/protocol.md alone. It shows that these two are
enough; it is no agent to run elsewhere.

    agent.py DESCRIPTOR_SET [--classic]

Variables: EDGE_ID, EDGE_KEY, DOCKER_SOCKET, EDGE_INACTIVITY_SECONDS. With --classic each poll is a call of its own.
"""
import argparse
import os
import queue
import random
import secrets
import signal
import sys
import threading
import time

import grpc

from engine import Engine, chunks_of, take_snapshot
from joining import Distrust, JoinToken, certificate_of, channel_to, check_binding, open_credentials
from tunnel import Tunnel
from wire import POLL, Wire, reason_of, retry_after_of

KEEP_ALIVE = (60, 20)
PROTOCOL_VERSION = 1
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1, 60
FIRST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS = 15, 300
SNAPSHOT_SECONDS = 20
GOODBYE_SECONDS = 5
# Of what gets better by itself an agent asks again as after a broken connection.
PASSING_REASONS = {None, "event-store-unavailable", "control-plane-stopping"}


class Agent:
    """One start of an agent: one instance id, one count of polls."""

    def __init__(self, wire, is_classic):
        self._wire = wire
        self._is_classic = is_classic
        self._token = JoinToken(os.environ["EDGE_KEY"])
        self._edge_id = os.environ["EDGE_ID"].strip().lower()
        self._engine = Engine(os.environ.get("DOCKER_SOCKET", "/var/run/docker.sock"))
        self._inactivity_seconds = float(os.environ.get("EDGE_INACTIVITY_SECONDS", "0"))
        self._instance_id = secrets.token_hex(16)
        self._sequence = 0
        self._confirmed = 0
        self._interval_seconds = 5.0
        self._spread_seconds = 0.0
        self._keeps_secrets = False
        self._failure = None
        self._tunnels = {}
        self._api = None
        self._stopping = threading.Event()
        # Guards the interval, and whether a poll is to be made before it is over.
        self._news = threading.Condition()
        self._polls_now = False

    def run(self):
        pause, refused_pause = FIRST_PAUSE_SECONDS, FIRST_REFUSED_SECONDS
        while not self._stopping.is_set():
            polled = self._sequence
            try:
                channel = self._connect()
                with channel:
                    self._api = channel
                    if self._is_classic:
                        self._poll_classic(channel)
                    else:
                        self._poll_on_a_stream(channel)
                wait = self._spread_seconds
            except (grpc.RpcError, Distrust, OSError) as error:
                reason = error.reason if isinstance(error, Distrust) else reason_of(error)
                if self._stopping.is_set():
                    break
                if self._confirmed_since(polled):
                    pause, refused_pause = FIRST_PAUSE_SECONDS, FIRST_REFUSED_SECONDS
                if reason in PASSING_REASONS:
                    print(f"polls broke off: {error!r}"[:300], flush=True)
                    wait = pause + (self._spread_seconds if self._confirmed_since(polled) else 0)
                    pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                else:
                    print(f"refused reason={reason}", flush=True)
                    wait = max(refused_pause, retry_after_of(error))
                    refused_pause = min(refused_pause * 2, LONGEST_REFUSED_SECONDS)
            self._stopping.wait(random.uniform(wait / 2, wait))

    def stop(self):
        tunnels = list(self._tunnels.values())
        for tunnel in tunnels:
            tunnel.leave("agent-stopped")
        for tunnel in tunnels:
            tunnel.wait_until_over(GOODBYE_SECONDS)
        self._stopping.set()
        self._poll_now()

    def _confirmed_since(self, sequence):
        return self._sequence > sequence and self._confirmed > 0

    def _connect(self):
        """Trusts the certificate on the API's port only with a binding, before anything secret is sent."""
        certificate = certificate_of(self._token.api)
        channel = channel_to(self._token.api, certificate, KEEP_ALIVE)
        try:
            check_binding(self._wire, channel, certificate, self._token.fingerprint)
        except BaseException:
            channel.close()
            raise
        print("api certificate bound", flush=True)
        return channel

    def _hello(self):
        return {
            "environment_id": self._token.environment_id,
            "join_secret": self._token.join_secret,
            "edge_id": self._edge_id,
            "instance_id": self._instance_id,
            "protocol_version": PROTOCOL_VERSION,
            "version": "0.0.1-foreign",
            **self._engine.hello_fields(),
        }

    def _next_poll(self, with_hello):
        self._sequence += 1
        failure, self._failure = self._failure, None
        return self._wire.message(POLL, "PollRequest")(
            hello=self._hello() if with_hello else None,
            sequence=self._sequence,
            confirmed_sequence=self._confirmed,
            held_credentials_ids=list(self._tunnels),
            tunnel_failure=failure,
        )

    def _poll_on_a_stream(self, channel):
        outgoing = queue.Queue()
        outgoing.put(self._next_poll(True))
        call = self._wire.call(channel, POLL, "PollService", "Poll")(iter(outgoing.get, None))

        def tick():
            self._wait_for_next_poll()
            while call.is_active() and not self._stopping.is_set():
                outgoing.put(self._next_poll(False))
                self._wait_for_next_poll()
            outgoing.put(None)

        ticking = threading.Thread(target=tick, daemon=True)
        ticking.start()
        try:
            for answer in call:
                self._take(answer)
        finally:
            self._poll_now()
            outgoing.put(None)

    def _poll_classic(self, channel):
        poll = self._wire.call(channel, POLL, "PollService", "Poll")
        while not self._stopping.is_set():
            for answer in poll(iter([self._next_poll(True)])):
                self._take(answer)
            self._wait_for_next_poll()

    def _poll_now(self):
        with self._news:
            self._polls_now = True
            self._news.notify_all()

    def _wait_for_next_poll(self):
        """The interval counts from the last poll; an answer may change it meanwhile."""
        polled_at = time.monotonic()
        with self._news:
            while not self._polls_now and (left := polled_at + self._interval_seconds - time.monotonic()) > 0:
                self._news.wait(left)
            self._polls_now = False

    def _take(self, answer):
        if self._confirmed == 0 and answer.confirmed_sequence > 0:
            print("polls are recorded", flush=True)
        self._confirmed = max(self._confirmed, answer.confirmed_sequence)
        with self._news:
            self._interval_seconds = answer.poll_interval_ms / 1000
            self._news.notify_all()
        self._spread_seconds = answer.reconnect_spread_ms / 1000
        self._keeps_secrets = answer.keep_secrets_in_snapshots
        for required in answer.required:
            self._require(required.sealed)
        if answer.take_snapshot:
            threading.Thread(target=self._record_snapshot, daemon=True).start()

    def _require(self, sealed):
        try:
            credentials = open_credentials(self._wire, sealed, self._token.join_secret, self._edge_id)
        except Distrust as error:
            self._fail("", error.reason, str(error))
            return
        if credentials.credentials_id in self._tunnels:
            return
        tunnel = Tunnel(self._wire, credentials, self._token, self._instance_id, self._engine, self._inactivity_seconds, self._record_snapshot)
        # Named in the polls from now on: it is being opened.
        self._tunnels[credentials.credentials_id] = tunnel
        threading.Thread(target=self._open, args=(credentials.credentials_id, tunnel), daemon=True).start()

    def _open(self, credentials_id, tunnel):
        try:
            tunnel.run()
            del self._tunnels[credentials_id]
        except Distrust as error:
            del self._tunnels[credentials_id]
            self._fail(credentials_id, error.reason, str(error))
        except grpc.RpcError as error:
            del self._tunnels[credentials_id]
            self._fail(credentials_id, reason_of(error) or "connection-broken", error.details() or "")
        except OSError as error:
            del self._tunnels[credentials_id]
            self._fail(credentials_id, reason_of_network(error), str(error))
        self._poll_now()

    def _fail(self, credentials_id, reason, detail):
        print(f"tunnel did not open reason={reason} {detail}", flush=True)
        self._failure = {"credentials_id": credentials_id, "reason": reason, "detail": detail}
        self._poll_now()

    def _record_snapshot(self):
        """Takes a snapshot and brings it on the polls' connection; one that does not arrive is asked for again."""
        snapshot = take_snapshot(self._wire, self._engine, self._keeps_secrets)
        request = self._wire.message(POLL, "RecordSnapshotRequest")
        requests = [request(hello=self._hello()), *(request(chunk=chunk) for chunk in chunks_of(snapshot))]
        try:
            answer = self._wire.call(self._api, POLL, "PollService", "RecordSnapshot")(iter(requests), timeout=SNAPSHOT_SECONDS)
            print(f"snapshot recorded unchanged={answer.unchanged}", flush=True)
        except (grpc.RpcError, ValueError) as error:
            print(f"snapshot was not recorded: {error!r}"[:300], flush=True)


def reason_of_network(error):
    if isinstance(error, ConnectionRefusedError):
        return "connection-refused"
    return "connection-timeout" if isinstance(error, TimeoutError) else "unreachable"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("descriptor_set")
    parser.add_argument("--classic", action="store_true")
    options = parser.parse_args()
    agent = Agent(Wire(options.descriptor_set), options.classic)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: threading.Thread(target=agent.stop).start())
    agent.run()
    sys.exit(0)


if __name__ == "__main__":
    main()
