"""One tunnel: opened with one-time credentials, alive as long as its Open call."""
import queue
import threading
import time

import grpc

from channels import Channels
from joining import Distrust, certificate_of, channel_to, host_and_port, spki_sha256
from wire import TUNNEL, reason_of

KEEP_ALIVE = (12, 16)
RECONCILE_SECONDS = 60
WELCOME_SECONDS = 10


class Tunnel:
    """`run` opens it and comes back when it is over; it raises Distrust, OSError or grpc.RpcError where it did not open."""

    def __init__(self, wire, credentials, token, instance_id, engine, inactivity_seconds, before_goodbye):
        self._wire = wire
        self._credentials = credentials
        self._token = token
        self._instance_id = instance_id
        self._engine = engine
        self._inactivity_seconds = inactivity_seconds
        self._before_goodbye = before_goodbye
        self._outgoing = queue.Queue()
        self._request = wire.message(TUNNEL, "OpenRequest")
        self._asked_at = 0.0
        self._over = threading.Event()

    def run(self):
        address = host_and_port(self._credentials.tunnel_address)
        certificate = certificate_of(address)
        if spki_sha256(certificate) != self._token.fingerprint:
            raise Distrust("fingerprint-mismatch", "the tunnel port shows another key than the pinned one")
        with channel_to(address, certificate, KEEP_ALIVE) as channel:
            self._converse(channel)

    def leave(self, reason):
        """Says goodbye, which ends the call."""
        self._say(goodbye={"reason": reason})
        self._outgoing.put(None)

    def wait_until_over(self, seconds):
        self._over.wait(seconds)

    def _say(self, **message):
        self._outgoing.put(self._request(**message))

    def _converse(self, channel):
        self._say(
            hello={
                "credentials_id": self._credentials.credentials_id,
                "secret": self._credentials.secret,
                "instance_id": self._instance_id,
                "environment_id": self._token.environment_id,
            }
        )
        call = self._wire.call(channel, TUNNEL, "TunnelService", "Open")(iter(self._outgoing.get, None))
        late = threading.Timer(WELCOME_SECONDS, call.cancel)
        late.start()
        channels = Channels(self._wire, channel, self._engine, self._say)
        welcomed = False
        try:
            for response in call:
                kind = response.WhichOneof("message")
                if kind == "welcome":
                    welcomed = True
                    late.cancel()
                    print("tunnel open", flush=True)
                    seconds = self._inactivity_seconds or response.welcome.inactivity_ms / 1000
                    channels.last_used = time.monotonic()
                    threading.Thread(target=self._watch, args=(channels, seconds), daemon=True).start()
                elif kind == "dial":
                    channels.last_used = time.monotonic()
                    channels.dial(response.dial.token)
                elif kind == "idle_answer" and response.idle_answer.close:
                    self._before_goodbye()
                    self.leave("idle")
                elif kind == "live_channels":
                    channels.reconcile(response.live_channels.channel_ids)
                elif kind == "drain":
                    print(f"tunnel drained reason={response.drain.reason}", flush=True)
                    self._outgoing.put(None)
        except grpc.RpcError as error:
            if not welcomed:
                raise
            print(f"tunnel lost: {reason_of(error) or error.code()}", flush=True)
        finally:
            late.cancel()
            self._over.set()
            self._outgoing.put(None)
        print("tunnel over", flush=True)

    def _watch(self, channels, inactivity_seconds):
        """Asks whether an idle tunnel may close, and names the live channels once a minute."""
        listed_at = time.monotonic()
        while not self._over.wait(min(1, inactivity_seconds / 4)):
            now = time.monotonic()
            # A channel that is open and silent is no use: the control plane knows what is, and answers stay.
            if now - max(channels.last_used, self._asked_at) >= inactivity_seconds:
                self._asked_at = now
                self._say(idle={"idle_ms": int((now - channels.last_used) * 1000)})
            if now - listed_at >= RECONCILE_SECONDS:
                listed_at = now
                self._say(live_channels={"channel_ids": channels.ids()})
