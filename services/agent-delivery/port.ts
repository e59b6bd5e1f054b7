/** How the agent gets to where it is to run: files that anyone may fetch, and the commands that fetch and start it. */
import type { Readable } from 'node:stream';

/** Bytes `from` to `to`, both inclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A file for everyone: there is no secret in it. */
export interface DeliveredFile {
  readonly sizeBytes: number;
  /** A strong ETag, in its quotes: the same for the same bytes, also after a restart. */
  readonly etag: string;
  readonly contentType: string;
  /** All of it, or a range inside it. Destroying the stream is the way to stop early. */
  read(range?: ByteRange): Readable;
}

/** A way of running the agent. */
export const PLATFORMS = ['standalone', 'swarm', 'podman', 'compose', 'systemd'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** For each platform the text to paste into a POSIX shell. Secret: the join token is in it. */
export type DeployCommands = Readonly<Record<Platform, string>>;

/** What a command needs to know of an environment. */
export interface DeployTarget {
  readonly edgeId: string;
  /** EDGE_KEY; it names the address. Secret. */
  readonly joinToken: string;
}

export type AgentDeliveryErrorCode = 'agent-platform-not-served' | 'agent-image-unavailable';

export class AgentDeliveryError extends Error {
  override readonly name = 'AgentDeliveryError';
  readonly code: AgentDeliveryErrorCode;

  constructor(code: AgentDeliveryErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface AgentDelivery {
  /**
   * The image archive for `docker load`; the first call makes it, which takes some seconds.
   * @param platform such as linux/amd64; the control plane's own where absent. Throws {@link AgentDeliveryError} for any other.
   */
  image(platform?: string): Promise<DeliveredFile>;
  /** The agent in one file, for a Node that is there already. Throws {@link AgentDeliveryError} agent-image-unavailable. */
  script(): Promise<DeliveredFile>;
  /** The script that installs the agent under systemd. */
  installer(): Promise<DeliveredFile>;
  /** Throws JoinTokenError for a join token that can't be read. */
  commands(target: DeployTarget): DeployCommands;
  /** For each platform what says there why an agent does not arrive. No secret. */
  readonly doctorCommands: Readonly<Record<Platform, string>>;
}
