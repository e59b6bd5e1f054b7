"""The Docker engine behind the agent: what the agent reports of it, and snapshots of it."""
import gzip
import http.client
import json
import platform
import re
import socket

from wire import POLL

ENGINE_SECONDS = 5
CHUNK_BYTES = 48 * 1024
SNAPSHOT_BYTES = 512 * 1024
SECRET_NAME = re.compile(r"pass|secret|token|key|credential|auth", re.IGNORECASE)


class Engine:
    """Asks the engine over its Unix socket."""

    def __init__(self, socket_path):
        self.socket_path = socket_path

    def get(self, path):
        connection = http.client.HTTPConnection("docker", timeout=ENGINE_SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(ENGINE_SECONDS)
            connection.sock.connect(self.socket_path)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise OSError(f"{path} was answered with {answer.status}")
            return json.loads(body)
        finally:
            connection.close()

    def hello_fields(self):
        """The fields of the hello that are the machine's and the engine's."""
        fields = {"node": socket.gethostname(), "platform": f"linux/{platform.machine()}"}
        try:
            version, info = self.get("/version"), self.get("/info")
        except (OSError, ValueError, http.client.HTTPException):
            return fields
        fields["engine"] = {"name": "docker", "version": version["Version"], "api_version": version["ApiVersion"]}
        swarm = info.get("Swarm") or {}
        if swarm.get("NodeID"):
            cluster = (swarm.get("Cluster") or {}).get("ID", "")
            fields["swarm"] = {"cluster_id": cluster, "node_id": swarm["NodeID"], "manager": bool(swarm.get("ControlAvailable"))}
        return fields


def reason_of_socket(error):
    """Why the engine's socket can't be reached, as a code of docs/protocol.md."""
    if isinstance(error, FileNotFoundError):
        return "docker-socket-missing"
    return "docker-socket-denied" if isinstance(error, PermissionError) else "docker-socket-refused"


def take_snapshot(wire, engine, keeps_secrets):
    """A Snapshot message: what the engine says, or why it says nothing. Each section that fails is named in its gaps."""
    snapshot = wire.message(POLL, "Snapshot")()
    try:
        _describe(snapshot.engine, engine.get("/version"), engine.get("/info"))
    except (OSError, ValueError, http.client.HTTPException) as error:
        snapshot.failure = reason_of_socket(error) if isinstance(error, OSError) else "engine-garbage"
        snapshot.failure_detail = str(error)
        return snapshot

    def pairs(labels):
        return [{"name": name, "value": value if keeps_secrets or not SECRET_NAME.search(name) else "***"} for name, value in (labels or {}).items()]

    def containers():
        for one in engine.get("/containers/json?all=1"):
            snapshot.containers.add(
                id=one["Id"], name=one["Names"][0].lstrip("/"), image=one["Image"], image_id=one["ImageID"],
                command=one["Command"].split(" ")[0], created_at_seconds=one["Created"], state=one["State"], labels=pairs(one["Labels"]),
                networks=list(one["NetworkSettings"]["Networks"]),
            )

    def images():
        for one in engine.get("/images/json"):
            snapshot.images.add(id=one["Id"], tags=one["RepoTags"] or [], size_bytes=one["Size"], created_at_seconds=one["Created"], labels=pairs(one["Labels"]))

    def volumes():
        for one in engine.get("/volumes")["Volumes"] or []:
            snapshot.volumes.add(name=one["Name"], driver=one["Driver"], mountpoint=one["Mountpoint"], labels=pairs(one["Labels"]))

    def networks():
        for one in engine.get("/networks"):
            snapshot.networks.add(id=one["Id"], name=one["Name"], driver=one["Driver"], scope=one["Scope"], internal=one["Internal"], labels=pairs(one["Labels"]))

    for section in (containers, images, volumes, networks):
        try:
            section()
        except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
            snapshot.ClearField(section.__name__)
            snapshot.gaps.add(section=section.__name__, reason="timeout" if isinstance(error, TimeoutError) else "engine-error")
    for section in ("containers", "images", "volumes", "networks"):
        _shorten(snapshot, section)
    return snapshot


def chunks_of(snapshot):
    """How a snapshot travels after its hello."""
    packed = gzip.compress(snapshot.SerializeToString())
    return [packed[at : at + CHUNK_BYTES] for at in range(0, len(packed), CHUNK_BYTES)]


def _describe(described, version, info):
    described.name = "docker"
    described.version = version["Version"]
    described.api_version = version["ApiVersion"]
    described.platform = f"{version['Os']}/{version['Arch']}"
    described.operating_system = info["OperatingSystem"]
    described.kernel_version = info["KernelVersion"]
    described.cpus = info["NCPU"]
    described.memory_bytes = info["MemTotal"]
    described.storage_driver = info["Driver"]
    described.data_root = info["DockerRootDir"]


def _shorten(snapshot, section):
    """Leaves out the last items of a section while the whole is too large, and says so."""
    items = getattr(snapshot, section)
    of = len(items)
    while items and snapshot.ByteSize() > SNAPSHOT_BYTES - 1024:
        del items[len(items) // 2 :]
    if len(items) < of:
        snapshot.gaps.add(section=section, kept=len(items), of=of, reason="too-large")
