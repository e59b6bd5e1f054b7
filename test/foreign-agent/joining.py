"""What an agent is given, and how it comes to trust the control plane: join token, certificates, binding, credentials."""
import base64
import hashlib
import os
import socket
import ssl
import time
from urllib.parse import urlsplit

import grpc
import nacl.exceptions
import nacl.secret
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wire import POLL

CONNECT_SECONDS = 10


class Distrust(Exception):
    """What answers is not what the join token names. `reason` is a code of docs/protocol.md."""

    def __init__(self, reason, detail):
        super().__init__(detail)
        self.reason = reason


class JoinToken:
    """`API URL|tunnel address|tunnel fingerprint|<environment id>.<join secret>`, in base64 without padding."""

    def __init__(self, text):
        compact = "".join(text.split())
        parts = base64.b64decode(compact + "=" * (-len(compact) % 4)).decode().split("|")
        url, self.tunnel_address, fingerprint, last = parts
        self.environment_id, secret = last.split(".", 1)
        self.api = (urlsplit(url).hostname, urlsplit(url).port or 443)
        self.fingerprint = base64.b64decode(fingerprint)
        self.join_secret = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


def host_and_port(address):
    """An IPv6 host stands in brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def certificate_of(address):
    """The certificate that a port shows, whoever it is: nothing is sent on this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(address, CONNECT_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=address[0]) as secured:
            return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True))


def spki_sha256(certificate):
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()


def channel_to(address, certificate, keep_alive):
    """A connection of its own, on which exactly this certificate is trusted, whatever its name."""
    host, port = address
    credentials = grpc.ssl_channel_credentials(certificate.public_bytes(serialization.Encoding.PEM))
    keep_alive_ms, timeout_ms = (int(seconds * 1000) for seconds in keep_alive)
    return grpc.secure_channel(
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        credentials,
        options=[
            ("grpc.ssl_target_name_override", _name_in(certificate)),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
            ("grpc.keepalive_time_ms", keep_alive_ms),
            ("grpc.keepalive_timeout_ms", timeout_ms),
            ("grpc.http2.max_pings_without_data", 0),
        ],
    )


def _name_in(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = names.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        found = []
    return found[0] if found else certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def check_binding(wire, channel, certificate, fingerprint):
    """Makes sure that a certificate is that of the control plane whose tunnel fingerprint is pinned. Raises Distrust."""
    nonce = os.urandom(32)
    request = wire.message(POLL, "GetBindingRequest")(nonce=nonce, fingerprints=[fingerprint])
    answer = wire.call(channel, POLL, "PollService", "GetBinding")(request, timeout=CONNECT_SECONDS)
    if hashlib.sha256(answer.tunnel_public_key).digest() != fingerprint:
        raise Distrust("fingerprint-mismatch", "the binding is signed by another key than the pinned one")
    key = serialization.load_der_public_key(answer.tunnel_public_key)
    try:
        key.verify(answer.signature, b"homeport api binding v1\0" + answer.binding, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Distrust("binding-signature-invalid", "the binding's signature does not fit") from None
    binding = wire.message(POLL, "Binding").FromString(answer.binding)
    if binding.nonce != nonce:
        raise Distrust("binding-nonce-mismatch", "the binding answers another request")
    if binding.spki_sha256 != spki_sha256(certificate):
        raise Distrust("binding-certificate-mismatch", "the binding names another certificate than the one that was shown")
    if binding.expires_at_ms <= time.time() * 1000:
        raise Distrust("binding-expired", "the binding has ended")


def open_credentials(wire, sealed, join_secret, edge_id):
    """Opens sealed tunnel credentials. Raises Distrust where they are not for this agent."""
    key = hashlib.sha512(b"homeport tunnel credentials v1\0" + join_secret + edge_id.lower().encode()).digest()[:32]
    try:
        opened = nacl.secret.SecretBox(key).decrypt(sealed)
    except (nacl.exceptions.CryptoError, ValueError):
        raise Distrust("credentials-unreadable", "the tunnel credentials can not be opened") from None
    return wire.message(POLL, "TunnelCredentials").FromString(opened)
