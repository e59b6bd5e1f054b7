/**
 * Who may import whom. Each part of the system may import what its line in `parts` lists, and each package that shapes an
 * edge belongs to the folders that `owners` lists; everything else fails `npm test`.
 */

/** part → the parts it may import besides itself, and why no more. */
const parts = {
  'services/domain': {
    may: [],
    because: 'the domain is pure: decisions and state, tested without anything else',
  },
  'services/event-store': {
    may: [],
    because: 'a store keeps JSON text in streams and knows nothing of what it means',
  },
  'services/application': {
    may: ['services/domain', 'services/event-store/port.ts', 'services/event-store/log-chain.ts', 'services/event-store/log-maintenance.ts', 'proto'],
    because: 'use cases load, decide and append; edges and read models reach them through ports',
  },
  'services/polls': {
    may: ['services/application', 'services/domain', 'proto'],
    because: 'an edge translates between the wire and the application',
  },
  'services/tunnels': {
    may: ['services/application', 'services/domain', 'proto'],
    because: 'an edge translates between the wire and the application',
  },
  'services/taps': {
    may: ['services/domain', 'services/event-store/port.ts', 'services/event-store/open.ts'],
    because: 'a tap is a reader of the log, in a thread of its own',
  },
  'services/audit': {
    may: ['proto/grpc-http2-server.ts', 'proto/session-sockets.ts', 'services/application/places.ts', 'services/application/clock.ts', 'services/domain', 'services/event-store/port.ts', 'services/event-store/open.ts', 'services/event-store/log-verification.ts'],
    because: 'the audit front and the proof are readers of the log; the front tells connections apart, bounds callers and sees time as other edges do',
  },
  'services/archive': {
    may: [
      'proto/release.ts',
      'services/domain',
      'services/application/event-selection.ts',
      'services/application/ports',
      'services/event-store/port.ts',
      'services/event-store/open.ts',
      'services/event-store/log-archive.ts',
      'services/event-store/log-verification.ts',
      'services/event-store/data-directory-lock.ts',
      'services/event-store/make-directory.ts',
      'services/audit/verification.ts',
      'services/agent-delivery/tar.ts',
    ],
    because: 'exports and backups carry the record and what proves it as bytes; what they leave out is asked for as elsewhere',
  },
  'services/agent-delivery': {
    may: ['proto'],
    because: 'what fetches and starts an agent is written from its join token alone',
  },
  projections: {
    may: ['services/domain', 'services/event-store/port.ts', 'services/event-store/open.ts'],
    because: 'a read model is a function of events and nothing else, so that it can be rebuilt',
  },
  'web-gateway': {
    may: ['services/application', 'services/domain', 'projections', 'services/tunnels/port.ts', 'services/agent-delivery/port.ts'],
    because: 'the gateway is an edge: it asks the application, the read models, the tunnels’ dialer and the agent’s delivery',
  },
  agent: {
    may: ['proto'],
    because: 'the agent shares with the control plane only what both must agree on',
  },
  proto: {
    may: [],
    because: 'what two processes must agree on depends on neither',
  },
  'services/cli': {
    may: ['proto', 'services/control-plane/serve.ts', 'services/control-plane/options.ts', 'services/control-plane/offline-record.ts', 'services/control-plane/offline-rebuild.ts', 'projections/replay.ts', 'agent/program.ts', 'agent/fleet/fleet.ts', 'services/audit/verification.ts', 'services/audit/kept-checkpoints.ts', 'services/archive', 'services/domain/checkpoint.ts'],
    because: 'client commands talk REST only; serve, the record and the read models of a server that does not run, a replay, the agent, a fleet of agents and the offline proof have one door each; exports and backups are made and taken by the command line itself',
  },
};

/** package → the folders that may import it, and why. `types` lets everyone import its types. */
const owners = [
  { packages: ['fastify', '@fastify/[^/]+'], may: ['web-gateway'], because: 'HTTP belongs to the gateway' },
  {
    packages: ['@grpc/grpc-js'],
    may: ['proto', 'services/polls', 'services/tunnels', 'services/audit', 'services/control-plane', 'services/event-store/eventstoredb', 'agent'],
    because: 'gRPC belongs to the agents’ edges, the audit front, the EventStoreDB adapter and the agent; control-plane binds the listeners',
  },
  {
    packages: ['@eventstore/db-client', 'google-protobuf'],
    may: ['services/event-store/eventstoredb', 'services/audit'],
    because: 'the protocol of EventStoreDB belongs to its adapter and to the audit front',
  },
  { packages: ['nats'], may: ['services/taps'], because: 'NATS belongs to the taps' },
  { packages: ['prom-client'], may: ['services/control-plane'], because: 'metrics are gathered in one place' },
  { packages: ['re2js'], may: ['services/audit'], because: 'patterns come from outside in one place' },
  { packages: ['node:sqlite'], may: ['services/event-store', 'projections'], because: 'SQL belongs to the log, the read models and the data directory’s lock' },
  { packages: ['tar-stream'], may: ['services/agent-delivery', 'services/archive'], because: 'archives are written in one place, and backups read in another' },
  { packages: ['openid-client'], may: ['web-gateway/openid-connect'], because: 'what a provider says is believed in one place' },
  { packages: ['cookie'], may: ['web-gateway'], because: 'cookies belong to the gateway' },
  { packages: ['ws'], may: ['web-gateway'], because: 'WebSockets belong to the gateway' },
  { packages: ['tweetnacl'], may: ['proto', 'services/application', 'services/audit'], because: 'what is sealed is sealed in few places' },
  { packages: ['commander'], may: ['services/cli', 'agent'], because: 'the command line belongs to the command line' },
  { packages: ['@peculiar/x509', 'reflect-metadata'], may: ['services/control-plane'], because: 'certificates are made in one place' },
  { packages: ['@bufbuild/protobuf'], may: ['proto'], because: 'the wire format belongs to the generated code' },
  { packages: ['pino'], may: ['services/cli', 'agent'], types: true, because: 'the logger is created once for each process and passed in' },
];

const named = (place) => place.replaceAll('/', '-');
const escaped = (place) => place.replaceAll('.', '[.]');
const inside = (place) => (/[.]ts$/.test(place) ? `^${escaped(place)}$` : `^${escaped(place)}/`);
const ours = '^(agent|bench|projections|proto|services|test|web-gateway)/';

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    ...Object.entries(parts).map(([part, { may, because }]) => ({
      name: `${named(part)}-imports-only-what-it-may`,
      comment: `Because ${because}.`,
      severity: 'error',
      from: { path: inside(part) },
      to: { path: ours, pathNot: [part, ...may].map(inside) },
    })),
    ...owners.map(({ packages, may, types, because }) => ({
      name: `${named(packages[0].replace('@', '').replace('node:', ''))}-has-its-owner`,
      comment: `Because ${because}.`,
      severity: 'error',
      from: { path: '^(agent|projections|proto|services|web-gateway)/', pathNot: may.map(inside) },
      to: {
        path: packages.map((name) => (name.startsWith('node:') ? `^(node:)?${name.slice(5)}$` : `(^|/)node_modules/${name}/`)),
        ...(types ? { dependencyTypesNot: ['type-only'] } : {}),
      },
    })),
    {
      name: 'adapters-only-through-open',
      comment: 'Because an adapter is chosen in one place, and everything else speaks to the port.',
      severity: 'error',
      from: { path: '^(agent|projections|proto|services|web-gateway)/', pathNot: ['^services/event-store/(open[.]ts$|sqlite/|eventstoredb/)'] },
      to: { path: '^services/event-store/(sqlite|eventstoredb)/' },
    },
    {
      name: 'control-plane-is-imported-by-nobody',
      comment: 'Because the composition root is the top; only the command line starts it.',
      severity: 'error',
      from: { path: ours, pathNot: ['^services/control-plane/', '^services/cli/', '^test/', '^bench/'] },
      to: { path: '^services/control-plane/' },
    },
    {
      name: 'proto-imports-packages-only',
      comment: 'Because what both ends share must run at both ends: the wire packages and the cipher, nothing else.',
      severity: 'error',
      from: { path: '^proto/' },
      to: { dependencyTypes: ['npm', 'npm-dev'], pathNot: 'node_modules/(@grpc/grpc-js|@bufbuild/protobuf|tweetnacl)/' },
    },
    {
      name: 'tests-are-imported-by-tests',
      comment: 'Because what ships must not depend on what tests it.',
      severity: 'error',
      from: { path: '^(agent|projections|proto|services|web-gateway)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'the-web-ui-stands-alone',
      comment: 'Because it knows the server by its REST interface alone, and runs in a browser.',
      severity: 'error',
      from: { path: '^web-gateway/ui/' },
      to: { path: ours, pathNot: '^web-gateway/ui/' },
    },
    {
      name: 'the-web-ui-is-only-served',
      comment: 'Because what runs in a browser does not run in the server. Its specs may hold its lists against the server’s.',
      severity: 'error',
      from: { path: ours, pathNot: '^(web-gateway|test)/ui/' },
      to: { path: '^web-gateway/ui/' },
    },
    {
      name: 'development-packages-do-not-ship',
      comment: 'Because the published package has only its dependencies; of the web UI it has what was made of them.',
      severity: 'error',
      from: { path: '^(agent|projections|proto|services|web-gateway)/', pathNot: '^web-gateway/ui/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-cycles',
      comment: 'Because files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Because an import that resolves to nothing fails when it runs.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-in-package-json',
      comment: 'Because a package that comes along by chance goes away by chance.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|web-gateway/ui/(dist|src/api/generated))/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};

export default configuration;
