"""The protocol's messages and calls, from the .proto files' descriptors alone: no generated code."""
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

POLL = "homeport.poll.v1"
TUNNEL = "homeport.tunnel.v1"


class Wire:
    """Messages by name, and calls on a channel, of the descriptor set that `buf build -o FILE.binpb` writes."""

    def __init__(self, descriptor_set_file):
        with open(descriptor_set_file, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
        self._pool = descriptor_pool.DescriptorPool()
        for one in files:
            self._pool.Add(one)
        self._factory = message_factory.MessageFactory(self._pool)

    def message(self, package, name):
        """The class of a message."""
        return self._factory.GetPrototype(self._pool.FindMessageTypeByName(f"{package}.{name}"))

    def call(self, channel, package, service, method):
        """What calls a method: a request or an iterator of requests in, as the method's kind is."""
        found = self._pool.FindServiceByName(f"{package}.{service}").methods_by_name[method]
        proto = descriptor_pb2.MethodDescriptorProto()
        found.CopyToProto(proto)
        makers = {
            (False, False): channel.unary_unary,
            (True, False): channel.stream_unary,
            (True, True): channel.stream_stream,
        }
        make = makers[(proto.client_streaming, proto.server_streaming)]
        requests = self._factory.GetPrototype(found.input_type)
        responses = self._factory.GetPrototype(found.output_type)
        return make(
            f"/{package}.{service}/{method}",
            request_serializer=requests.SerializeToString,
            response_deserializer=responses.FromString,
        )


def reason_of(error):
    """The reason code a refused call ends with; None where it has none."""
    return _trailer(error, "homeport-reason")


def retry_after_of(error):
    """How many seconds the control plane wants a refused agent to wait; 0 where it says nothing."""
    return int(_trailer(error, "homeport-retry-after-ms") or 0) / 1000


def _trailer(error, name):
    trailers = error.trailing_metadata() if isinstance(error, grpc.Call) else None
    return next((value for key, value in trailers or () if key == name), None)
