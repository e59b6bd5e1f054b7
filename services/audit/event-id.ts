/** Event ids on the wire: as text, or as two signed numbers of 64 bits. */
import shared from '@eventstore/db-client/generated/shared_pb.js';

const { UUID } = shared;

/** How a client wants ids. */
export type IdForm = 'text' | 'structured';

/** @param id a UUID in lower-case text */
export function toWireId(id: string, form: IdForm): shared.UUID {
  if (form === 'text') return new UUID().setString(id);
  const hex = id.replaceAll('-', '');
  const half = (digits: string): string => String(BigInt.asIntN(64, BigInt(`0x${digits}`)));
  return new UUID().setStructured(new UUID.Structured().setMostSignificantBits(half(hex.slice(0, 16))).setLeastSignificantBits(half(hex.slice(16))));
}

/** The id as lower-case text; undefined where it is no UUID. */
export function fromWireId(id: shared.UUID | undefined): string | undefined {
  const text = textOf(id).toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : undefined;
}

function textOf(id: shared.UUID | undefined): string {
  const structured = id?.getStructured();
  if (structured === undefined) return id?.getString() ?? '';
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
