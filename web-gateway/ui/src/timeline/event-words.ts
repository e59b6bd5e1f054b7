/** Each event in words, by its type; test/ui/event-words.spec.ts holds this against all that are recorded. */
import { spanText } from '../time/relative-text.ts';

/** What an event says, as the timeline or the record has it: docs/events.md lists the fields. */
export type EventFields = Readonly<Record<string, unknown>>;

type Words = (fields: EventFields, former: EventFields | undefined) => string;

const interval = (seconds: unknown): string => (typeof seconds === 'number' ? exactSpan(seconds) : 'that of the settings');
const change = (what: string, former: string | undefined, now: string): string => (former === undefined || former === now ? `${what} is now ${now}` : `${what} changed from ${former} to ${now}`);
const because = ({ reason, detail }: EventFields): string => (typeof reason === 'string' ? `: ${reasonWords(reason)}${typeof detail === 'string' && detail !== '' ? ` (${detail})` : ''}` : '');
const onNode = ({ node }: EventFields): string => (typeof node === 'string' ? ` to node ${node}` : '');
const from = ({ address }: EventFields): string => (typeof address === 'string' ? ` from ${address}` : '');
/** Whose account it is, where that is known: events name it by its id. */
const user = ({ username }: EventFields): string => (typeof username === 'string' ? `User ${username}` : 'User');
const ofUser = ({ username }: EventFields): string => (typeof username === 'string' ? ` of ${username}` : '');
const counted = (count: unknown, one: string, several = `${one}s`): string => `${text(count)} ${count === 1 ? one : several}`;
const expired = (what: string): Words => ({ count, limit }) => `${text(count)} ${what} were removed${typeof limit === 'string' ? ` by the limit of ${limit}` : ''}`;

/** Every type that there is. */
export const eventWords: Readonly<Record<string, Words>> = {
  EnvironmentCreated: ({ name }) => `Environment ${text(name)} created`,
  EnvironmentRenamed: ({ name }, former) => (former === undefined ? `Renamed to ${text(name)}` : `Renamed from ${text(former['name'])} to ${text(name)}`),
  EnvironmentTagged: ({ tags }, former) => change('Tags', former && list(former['tags']), list(tags)).replace(/^Tags is/, 'Tags are'),
  EnvironmentAddressChanged: ({ address }, former) => change('Address', former && text(former['address']), text(address)),
  PollIntervalChanged: ({ pollIntervalSeconds }, former) => change('Poll interval', former && interval(former['pollIntervalSeconds']), interval(pollIntervalSeconds)),
  AgentAssociated: (fields) => `Agent on ${text(fields['node'])} associated${from(fields)}`,
  JoinTokenRotated: () => 'Join token rotated: those printed before are no longer good',
  AgentDisassociated: () => 'Agent disassociated: its Edge ID is barred',
  EdgeIdUnbarred: ({ edgeId }) => `Edge ID ${text(edgeId)} allowed again`,
  DuplicateAgentDetected: ({ kept, refused }) => `Two agents with one identity: the one on ${nodeOf(kept)} stays, the one on ${nodeOf(refused)} is refused`,
  DuplicateAgentResolved: (fields) => `Only one agent with this identity is left${because(fields)}`,
  AgentSeen: ({ report }) => `Agent on ${nodeOf(report)} reported: version ${text(field(report, 'version'))}, ${text(field(report, 'platform'))}`,
  HeartbeatLost: () => 'Heartbeat lost: no agent polls any more',
  HeartbeatRestored: ({ lostAt, at }) => `Heartbeat restored${downtime(lostAt, at)}`,
  NewAddressFailed: ({ address, reason, detail }) => `The agent cannot use the new address ${text(address)}${because({ reason, detail })}`,
  NewAddressUsed: ({ address }) => `The agent uses the new address ${text(address)}`,
  EnvironmentRemoved: () => 'Environment removed',

  TunnelRequired: (fields) => `Tunnel required${onNode(fields)}`,
  TunnelCredentialsIssued: ({ agentNode }) => `Tunnel credentials sent to the agent on ${text(agentNode)}`,
  TunnelCredentialsExpired: () => 'Tunnel credentials expired unused',
  TunnelOpenFailed: (fields) => `The agent could not open the tunnel${because(fields)}`,
  TunnelOpened: (fields) => `Tunnel opened${from(fields)}`,
  TunnelLost: (fields) => `Tunnel lost${because(fields)}`,
  TunnelClosed: (fields) => `Tunnel closed${because(fields)}`,
  TunnelCredentialsRevoked: (fields) => `Tunnel credentials revoked${because(fields)}`,
  TunnelRequirementLapsed: (fields) => `Tunnel no longer required${because(fields)}`,

  ApiCallStarted: ({ method, path }) => `Call started: ${text(method)} ${text(path)}`,
  ApiCallProxied: ({ method, path, status, failure }) => `Call ended: ${text(method)} ${text(path)}, ${ended(failure, status)}`,
  StreamOpened: ({ kind, path }) => `Stream opened (${text(kind)}): ${text(path)}`,
  StreamClosed: (fields) => `Stream closed (${text(fields['kind'])})${because(fields)}`,
  ActivityLost: ({ count }) => `${counted(count, 'record')} of calls lost, because the store was away`,
  ActivityInterrupted: () => 'Calls that were under way were cut: the server had been killed',

  AgentPolled: ({ node }) => `Agent on ${text(node)} polled`,
  PollsLost: ({ node, count }) => `${counted(count, 'poll')} of the agent on ${text(node)} not recorded`,
  PollsSummarised: ({ shard }) => `Polls of shard ${text(shard)} summarised`,
  PollsExpired: expired('polls'),
  ActivityExpired: expired('records of calls'),
  RefusalsExpired: expired('refusals'),
  SnapshotsExpired: expired('snapshots'),

  SnapshotRecorded: ({ hostname, summary }) => `Snapshot of ${text(hostname)}${containers(summary)}`,
  SnapshotUnchanged: () => 'Snapshot: nothing has changed',
  SnapshotFailed: (fields) => `Snapshot failed${because(fields)}`,

  PollRejected: (fields) => `Agent refused${from(fields)}${because({ reason: fields['reason'] })}`,
  TunnelCredentialsRefused: (fields) => `Tunnel refused${from(fields)}${because({ reason: fields['reason'] })}`,
  RefusalsSuppressed: ({ count }) => `${counted(count, 'more refusal')} of one address`,

  UserCreated: ({ username, role }) => `User ${text(username)} created as ${text(role)}`,
  IdentityLinked: ({ issuer, ...fields }) => `${user(fields)} linked to an identity of ${text(issuer)}`,
  PasswordChanged: (fields) => `Password${ofUser(fields)} changed`,
  UserRoleChanged: ({ role, ...fields }) => `Role${ofUser(fields)} is now ${text(role)}`,
  GrantChanged: ({ grants, ...fields }) => `Grants${ofUser(fields)} are now ${Array.isArray(grants) && grants.length > 0 ? grants.map((grant) => `${text(field(grant, 'tag'))} (${text(field(grant, 'access'))})`).join(', ') : 'none'}`,
  UserRemoved: (fields) => `${user(fields)} removed`,
  ApiKeyCreated: ({ name, role, ...fields }) => `API key ${text(name)}${ofUser(fields)} created as ${text(role)}`,
  ApiKeyRevoked: ({ keyId }) => `API key ${text(keyId)} revoked`,
  SignedIn: (fields) => `${text(fields['username'])} signed in${from(fields)}`,
  SignInRefused: (fields) => `Sign-in${typeof fields['username'] === 'string' ? ` of ${fields['username']}` : ''} refused${from(fields)}${because({ reason: fields['reason'] })}`,
  SignInRefusalsSuppressed: ({ count }) => counted(count, 'more refused sign-in'),
  SignedOut: ({ username }) => `${text(username)} signed out`,
  SessionRevoked: (fields) => `Session${ofUser(fields)} ended by its owner, an admin, or too many others`,
  ApiKeyUsed: ({ keyId, ...fields }) => `API key ${text(keyId)} used${from(fields)}`,

  SettingsChanged: ({ changes }) => `Settings changed: ${settings(changes)}`,
  TunnelCertificateRotated: () => 'Tunnel certificate rotated',
  TunnelCertificateRetired: (fields) => `Former tunnel certificate retired${because(fields)}`,
  CheckpointSigned: ({ position }) => `Checkpoint signed at position ${text(position)}`,
  EventsImported: ({ events, fromStore }) => `${counted(events, 'event')} imported from ${text(fromStore)}`,
};

/**
 * An event in words, plain and short. `former` is what the last event said that told of the same thing, where it is known. A type that is not
 * known here is its name, in words.
 */
export function wordsOf(type: string, fields: EventFields, former?: EventFields): string {
  const words = Object.hasOwn(eventWords, type) ? eventWords[type] : undefined;
  return words?.(fields, former) ?? spaced(type);
}

/** Which types tell of a thing that these events changed, so that the last of them says what it was before. */
export const FORMERS: Readonly<Record<string, readonly string[]>> = {
  EnvironmentRenamed: ['EnvironmentRenamed', 'EnvironmentCreated'],
  EnvironmentTagged: ['EnvironmentTagged', 'EnvironmentCreated'],
  EnvironmentAddressChanged: ['EnvironmentAddressChanged', 'EnvironmentCreated'],
  PollIntervalChanged: ['PollIntervalChanged', 'EnvironmentCreated'],
};

const REASONS: Readonly<Record<string, string>> = {
  'server-restarted': 'the server was restarted',
  'control-plane-stopping': 'the server stopped',
  'agent-reports-none': 'the agent has it no more',
  idle: 'nobody used it',
  unused: 'nobody used it',
  lapsed: 'nobody needed it any more',
  lost: 'the tunnel was lost',
  expired: 'they were not used in time',
  'agent-left': 'it left before',
};

/** A stable code in words. */
export function reasonWords(code: string): string {
  return REASONS[code] ?? code.replaceAll('-', ' ');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'unknown';
}

function list(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? value.map(text).join(', ') : 'none';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as EventFields)[name] : undefined;
}

function nodeOf(value: unknown): string {
  return text(field(value, 'node'));
}

function ended(failure: unknown, status: unknown): string {
  if (typeof failure === 'string') return reasonWords(failure);
  return typeof status === 'number' ? String(status) : 'the client had left';
}

function containers(summary: unknown): string {
  const counts = field(summary, 'containers');
  const total = field(counts, 'total');
  return typeof total === 'number' ? `: ${text(field(counts, 'running'))} of ${counted(total, 'container')} running` : '';
}

function downtime(lostAt: unknown, at: unknown): string {
  if (typeof lostAt !== 'string' || typeof at !== 'string') return '';
  return ` after ${spanText(Math.max(0, (Date.parse(at) - Date.parse(lostAt)) / 1000))}`;
}

/** Each setting that changed, by its name in words. */
function settings(changes: unknown): string {
  if (typeof changes !== 'object' || changes === null) return '';
  return Object.entries(changes)
    .map(([name, value]) => `${spaced(name).toLowerCase()} ${Array.isArray(value) ? list(value) : text(value)}`)
    .join(', ');
}

function spaced(name: string): string {
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** In the largest unit that says it exactly. */
function exactSpan(seconds: number): string {
  for (const [unit, size] of [['d', 86_400], ['h', 3600], ['min', 60]] as const) if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  return `${seconds} s`;
}
