"""The channels of one tunnel: each a connection to the engine's socket, carried by a call of its own."""
import hashlib
import queue
import socket
import struct
import threading
import time

import grpc

from engine import reason_of_socket
from wire import TUNNEL

DIAL_SECONDS = 10
READ_BYTES = 64 * 1024
QUEUED_READS = 8


class Channels:
    """Serves dials. `say` sends on the tunnel, whose connection carries the channels too."""

    def __init__(self, wire, grpc_channel, engine, say):
        self._wire = wire
        self._open = wire.call(grpc_channel, TUNNEL, "TunnelService", "Channel")
        self._request = wire.message(TUNNEL, "ChannelRequest")
        self._engine = engine
        self._say = say
        self._lock = threading.Lock()
        self._live = {}
        self._suspects = set()
        self.last_used = time.monotonic()

    def dial(self, token):
        """Connects, on a thread of its own."""
        threading.Thread(target=self._serve, args=(token,), daemon=True).start()

    def ids(self):
        with self._lock:
            return list(self._live)

    def reconcile(self, ids_of_the_other_end):
        """Drops what is missing from two lists in a row: a channel that has just begun may be missing from one."""
        known = set(ids_of_the_other_end)
        with self._lock:
            missing = {name for name in self._live if name not in known}
            dropped = [self._live[name] for name in missing & self._suspects]
            self._suspects = missing
        for call in dropped:
            call.cancel()

    def _serve(self, token):
        target = socket.socket(socket.AF_UNIX)
        try:
            target.settimeout(DIAL_SECONDS)
            target.connect(self._engine.socket_path)
            target.settimeout(None)
        except OSError as error:
            self._say(dial_failed={"token": token, "reason": reason_of_socket(error), "detail": str(error)})
            return
        outgoing = queue.Queue(QUEUED_READS)
        outgoing.put(self._request(token=token))
        call = self._open(iter(outgoing.get, None))
        name = hashlib.sha256(token).digest()[:8]
        with self._lock:
            self._live[name] = call
        reader = threading.Thread(target=self._read, args=(target, outgoing, call), daemon=True)
        reader.start()
        try:
            self._write(target, call)
        except (OSError, grpc.RpcError) as error:
            # A broken target ends the call, and the end of the call is told to the target as a reset.
            call.cancel()
            abort(target)
            print(f"channel broke: {error!r}", flush=True)
        finally:
            reader.join()
            outgoing.put(None)
            target.close()
            with self._lock:
                del self._live[name]
            self.last_used = time.monotonic()

    def _read(self, target, outgoing, call):
        """From the engine to the control plane: bytes, then an eof or a reset."""
        last = self._request(eof={})
        try:
            while data := target.recv(READ_BYTES):
                self.last_used = time.monotonic()
                if not put_while(outgoing, self._request(data=data), call):
                    return
        except OSError as error:
            last = self._request(reset={"reason": "connection-broken"})
            print(f"the engine broke a connection: {error}", flush=True)
        put_while(outgoing, last, call)

    def _write(self, target, call):
        """From the control plane to the engine, until the call has ended: both sides sent an eof, or one a reset."""
        for response in call:
            kind = response.WhichOneof("message")
            if kind == "data":
                self.last_used = time.monotonic()
                target.sendall(response.data)
            elif kind == "eof":
                target.shutdown(socket.SHUT_WR)
            elif kind == "reset":
                abort(target)


def put_while(outgoing, message, call):
    """Waits for room as long as the call lives. Whether there was."""
    while call.is_active():
        try:
            outgoing.put(message, timeout=1)
            return True
        except queue.Full:
            continue
    return False


def abort(target):
    """Ends a connection abruptly: whoever reads at its other end sees a reset and no end of file."""
    target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
