/** The agent's options: what is taken, and what is refused with which words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentOptionsError } from '../../agent/agent-error.ts';
import { compileOptions } from '../../agent/options.ts';
import type { GivenOptions } from '../../agent/options.ts';
import { encodeJoinToken } from '../../proto/join-token.ts';
import { EDGE_ID } from './support/agent-under-test.ts';

const TOKEN = encodeJoinToken({
  apiUrl: 'https://homeport.example:9443',
  tunnelAddress: 'homeport.example:8000',
  tunnelFingerprint: Buffer.alloc(32, 1).toString('base64'),
  environmentId: 'e7x2',
  joinSecret: Buffer.alloc(32, 2),
});
const GOOD: GivenOptions = { edgeId: EDGE_ID, edgeKey: TOKEN };

describe("agent's options", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'homeport-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function file(content: string): string {
    const path = join(folder, 'file');
    writeFileSync(path, content);
    return path;
  }

  function refusalOf(given: GivenOptions): AgentOptionsError {
    try {
      compileOptions(given);
    } catch (error) {
      if (error instanceof AgentOptionsError) return error;
      throw error;
    }
    throw new Error('was accepted');
  }

  it('need an Edge ID and a join token, and have defaults for the rest', () => {
    const { proxyFor, token, ...rest } = compileOptions(GOOD);
    expect(token.environmentId).to.equal('e7x2');
    expect(proxyFor({ host: 'homeport.example', port: 9443 })).to.equal(undefined);
    expect(rest).to.deep.equal({
      edgeId: EDGE_ID,
      isInsecurePoll: false,
      caPem: undefined,
      inactivityMs: undefined,
      dockerSocket: '/var/run/docker.sock',
      dataPath: '/data',
      logLevel: 'info',
    });
  });

  it('take the token from a file, durations, and switches as people write them', () => {
    const { token, inactivityMs, isInsecurePoll, dockerSocket } = compileOptions({
      edgeId: EDGE_ID.toUpperCase(),
      edgeKeyFile: file(`${TOKEN}\n`),
      edgeInactivityTimeout: '90s',
      edgeInsecurePoll: 'true',
      dockerHost: 'unix:///run/podman/podman.sock',
    });
    expect(token.environmentId).to.equal('e7x2');
    expect({ inactivityMs, isInsecurePoll, dockerSocket }).to.deep.equal({ inactivityMs: 90_000, isInsecurePoll: true, dockerSocket: '/run/podman/podman.sock' });
    expect(compileOptions({ ...GOOD, edgeInsecurePoll: '0' }).isInsecurePoll).to.equal(false);
  });

  it('are refused with one line that names the option and what to do', () => {
    const cases: [GivenOptions, string, RegExp][] = [
      [{ edgeKey: TOKEN }, 'invalid-option', /^EDGE_ID is missing; set it/],
      [{ ...GOOD, edgeId: 'factory-7' }, 'malformed-edge-id', /\(EDGE_ID\) is not a UUID.*copy it again/],
      [{ edgeId: EDGE_ID }, 'invalid-option', /^EDGE_KEY is missing; set it, or EDGE_KEY_FILE/],
      [{ ...GOOD, edgeKey: TOKEN.slice(0, -5) }, 'malformed-token', /\(EDGE_KEY\) is broken or cut off.*copy it again/],
      [{ ...GOOD, edgeKeyFile: file(TOKEN) }, 'invalid-option', /EDGE_KEY and EDGE_KEY_FILE are both set/],
      [{ edgeId: EDGE_ID, edgeKeyFile: join(folder, 'missing') }, 'invalid-option', /^EDGE_KEY_FILE .*ENOENT.*name a file/],
      [{ ...GOOD, edgeInsecurePoll: 'maybe' }, 'invalid-option', /^EDGE_INSECURE_POLL is neither 0 nor 1/],
      [{ ...GOOD, edgeCaFile: file('no certificate') }, 'invalid-option', /^EDGE_CA_FILE .*\/ca\.pem/],
      [{ ...GOOD, edgeInactivityTimeout: '5' }, 'invalid-option', /^EDGE_INACTIVITY_TIMEOUT .*5m/],
      [{ ...GOOD, dockerHost: 'tcp://127.0.0.1:2375' }, 'invalid-option', /^DOCKER_HOST is not a Unix socket.*unix:\/\/\/var\/run\/docker\.sock/],
      [{ ...GOOD, httpsProxy: 'socks5://proxy.example' }, 'invalid-option', /^HTTPS_PROXY .*http:\/\/proxy\.example:3128/],
      [{ ...GOOD, logLevel: 'loud' }, 'invalid-option', /^LOG_LEVEL is none of .*info/],
    ];
    for (const [given, code, words] of cases) {
      const { code: actual, message, exitCode } = refusalOf(given);
      expect(actual, message).to.equal(code);
      expect(message).to.match(words).and.not.contain('\n');
      expect(message).to.not.contain(TOKEN.slice(0, 20)).and.not.contain('factory-7');
      expect(exitCode).to.equal(2);
    }
  });
});
