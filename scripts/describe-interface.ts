/** Writes the OpenAPI description of the REST interface to the file that is named, from its routes alone: there is nothing behind them, and nothing is started. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { defaultGatewayLimits } from '../web-gateway/gateway-limits.ts';
import { createRestApp } from '../web-gateway/rest/rest-app.ts';
import type { RestDependencies } from '../web-gateway/rest/rest-dependencies.ts';

/** Routes are declared here, and never called. */
const nothing: unknown = new Proxy(() => undefined, { get: () => nothing });
const known: Partial<Record<PropertyKey, unknown>> = { limits: defaultGatewayLimits, version: '', openIdConnect: undefined, isTrustedProxy: undefined };
const dependencies = new Proxy({}, { get: (_, name) => (Object.hasOwn(known, name) ? known[name] : nothing) }) as RestDependencies;

const app = await createRestApp(dependencies, () => createServer());
writeFileSync(process.argv[2] ?? 'openapi.json', JSON.stringify(app.describe()));
await app.close();
