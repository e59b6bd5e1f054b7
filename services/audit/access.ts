/** Lets calls in by their headers alone: one that is refused has not a byte of its messages kept. */
import { type Metadata, ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder, type ServerInterceptor } from '@grpc/grpc-js';
import { basicCredentials } from './basic-credentials.ts';
import { accessDenied, type CallError, tooBusy, unauthenticated } from './call-error.ts';
import type { Authenticate, Caller } from './caller.ts';

export interface Access {
  readonly interceptor: ServerInterceptor;
  /** Who was let in with this call. */
  callerOf(call: { readonly metadata: Metadata }): Caller;
}

export interface AccessDeps {
  readonly authenticate: Authenticate;
  /** Paths of methods that everyone may call. */
  readonly openPaths: ReadonlySet<string>;
  /** Paths of methods that only callers who may write may call. */
  readonly writePaths: ReadonlySet<string>;
  /** The IP address of the peer that gRPC names so. */
  addressOf(peer: string): string;
  /** The peer has failed too often: what it says is not looked at any more. */
  isShutOut(peer: string): boolean;
  /** The peer has shown that it belongs here. False where there are as many as there may be. */
  onAdmitted(peer: string): boolean;
  /** The peer has failed too often; it has its answer. */
  onTooManyAttempts(peer: string): void;
}

/** Creates the door. */
export function createAccess({ authenticate, openPaths, writePaths, addressOf, isShutOut, onAdmitted, onTooManyAttempts }: AccessDeps): Access {
  const callers = new WeakMap<Metadata, Caller>();

  const interceptor: ServerInterceptor = ({ path }, call) => {
    if (openPaths.has(path)) return new ServerInterceptingCall(call);
    const peer = call.getPeer();
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const admission = isShutOut(peer) ? tooManyAttempts : authenticate(basicCredentials(authorizationOf(metadata)), addressOf(peer));
        if (!('caller' in admission)) {
          call.sendStatus(refusals[admission.refused]());
          if (admission.refused === 'too-many-attempts') onTooManyAttempts(peer);
        } else if (!onAdmitted(peer)) {
          call.sendStatus(tooBusy());
        } else if (writePaths.has(path) && !admission.caller.mayWrite) {
          call.sendStatus(accessDenied('Access Denied'));
        } else {
          callers.set(metadata, admission.caller);
          next(metadata);
        }
      })
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };

  return {
    interceptor,
    callerOf({ metadata }) {
      const caller = callers.get(metadata);
      if (caller === undefined) throw new Error('A call was served that nobody let in: this version of @grpc/grpc-js works otherwise.');
      return caller;
    },
  };
}

const tooManyAttempts = { refused: 'too-many-attempts' } as const;

const refusals: Readonly<Record<'unauthenticated' | 'forbidden' | 'too-many-attempts', () => CallError>> = {
  unauthenticated: () => unauthenticated('The name, or the API key that is sent as its password, is not right.'),
  'too-many-attempts': () => unauthenticated('Too many failed attempts from this address; the connection ends. Mend the name or the API key, and try again.'),
  forbidden: () => accessDenied('Reading history takes an API key of the role auditor.'),
};

function authorizationOf(metadata: Metadata): string | undefined {
  const [header] = metadata.get('authorization');
  return header?.toString();
}
