/** Bundles the agent into one file for Node 20 and later: `node scripts/bundle-agent.js [FILE]`, to stdout without one. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const prelude = `import { createRequire as homeportCreateRequire } from 'node:module';
const require = homeportCreateRequire(import.meta.url);
// Node has it from 22 on.
Promise.withResolvers ??= function () { let resolve, reject; const promise = new this((a, b) => { resolve = a; reject = b; }); return { promise, resolve, reject }; };`;

/** The bundled agent's text. Throws esbuild's errors. */
export async function bundleAgent() {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['agent/standalone.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { HOMEPORT_VERSION: JSON.stringify(version) },
    // gRPC's own introspection, which nothing here asks for, would bring a parser of .proto files along.
    external: ['@grpc/proto-loader'],
    // Packages in the older module format ask for Node's own modules by require.
    banner: { js: `/* Homeport agent ${version}, MIT licensed; the packages in it keep their own licences. */\n${prelude}` },
    legalComments: 'inline',
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file] = process.argv.slice(2);
  const contents = await bundleAgent();
  if (file === undefined) process.stdout.write(contents);
  else writeFileSync(file, contents);
}
