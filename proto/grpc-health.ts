/**
 * gRPC's own health protocol, `grpc.health.v1.Health/Check`, as its two small messages are: so that whoever checks gRPC servers can
 * check this one. https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { handleUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

export interface HealthRequest {
  /** Whose health is asked for; empty for the server's. */
  readonly service: string;
}

/** SERVING or NOT_SERVING, as the protocol numbers them. */
export type HealthStatus = 1 | 2;

export interface HealthResponse {
  readonly status: HealthStatus;
}

/** What a server does with the call. */
export interface HealthService extends UntypedServiceImplementation {
  readonly check: handleUnaryCall<HealthRequest, HealthResponse>;
}

const SERVICE_FIELD = 1;
const STATUS_FIELD = 1;

/** Without Watch, as the protocol allows. */
export const healthDefinition = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: ({ service }: HealthRequest) => Buffer.from(new BinaryWriter().tag(SERVICE_FIELD, WireType.LengthDelimited).string(service).finish()),
    requestDeserialize: (bytes: Buffer): HealthRequest => ({ service: fieldOf(bytes, SERVICE_FIELD, (reader) => reader.string()) ?? '' }),
    responseSerialize: ({ status }: HealthResponse) => Buffer.from(new BinaryWriter().tag(STATUS_FIELD, WireType.Varint).int32(status).finish()),
    responseDeserialize: (bytes: Buffer): HealthResponse => ({ status: fieldOf(bytes, STATUS_FIELD, (reader) => reader.int32()) === 1 ? 1 : 2 }),
  },
} satisfies ServiceDefinition<HealthService>;

/** The last of the fields with that number; others are passed over. Throws RangeError or Error on what is no message. */
function fieldOf<Value>(bytes: Buffer, wanted: number, read: (reader: BinaryReader) => Value): Value | undefined {
  const reader = new BinaryReader(bytes);
  let value: Value | undefined;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) value = read(reader);
    else reader.skip(type, field);
  }
  return value;
}
