/** The image archive: the same bytes for the same content, made once; and executables cut where they end. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { writeImageArchive } from '../../services/agent-delivery/image-archive.ts';
import type { ImageArchive, ImageContent } from '../../services/agent-delivery/image-archive.ts';
import { loadedExecutable } from '../../services/agent-delivery/loaded-executable.ts';
import { normalPlatform } from '../../services/agent-delivery/platform.ts';
import { bytesEntry } from '../../services/agent-delivery/tar.ts';
import { runProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

describe('the image archive', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = createTemporaryFolder();
  });
  afterEach(() => folder.remove());

  function write(text: string, name = 'images'): Promise<ImageArchive> {
    const content: ImageContent = { name: 'localhost/x:1', architecture: 'amd64', layer: [bytesEntry('hello', text)], entrypoint: ['/hello'], env: [], labels: {} };
    return writeImageArchive(path.join(folder.path, name), content, new AbortController().signal);
  }

  it('has the same bytes wherever and whenever the same content is written', async () => {
    const [one, other] = [await write('hi'), await write('hi', 'elsewhere')];
    expect(readFileSync(one.path).equals(readFileSync(other.path))).to.equal(true);
    expect(other.imageId).to.equal(one.imageId);
  });

  it('is written once, and takes the place of the one before', async () => {
    const first = await write('hi');
    writeFileSync(first.path, 'kept');
    expect((await write('hi')).sizeBytes).to.equal(4);
    const second = await write('ho');
    expect(readdirSync(path.join(folder.path, 'images'))).to.deep.equal([path.basename(second.path)]);
  });

  it('holds a layer that any tar reads', async () => {
    const file = path.join(folder.path, 'archive.tar');
    writeFileSync(file, gunzipSync(readFileSync((await write('hi')).path)));
    const { stdout } = await runProcess('sh', ['-c', `tar -xOf '${file}' layer.tar | tar -xOf - hello`]);
    expect(stdout).to.equal('hi');
  });

  it('leaves nothing half-written behind', async () => {
    const stopped = AbortSignal.abort(new Error('stopping'));
    const content: ImageContent = { name: 'x', architecture: 'amd64', layer: [bytesEntry('a', 'b')], entrypoint: [], env: [], labels: {} };
    const error: unknown = await writeImageArchive(folder.path, content, stopped).catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'stopping');
    expect(readdirSync(folder.path)).to.deep.equal([]);
  });

  it('takes of an executable what running it needs', async () => {
    const { head, sizeBytes } = await loadedExecutable(process.execPath);
    const whole = readFileSync(process.execPath);
    expect(sizeBytes).to.be.greaterThan(whole.length / 2).and.to.be.at.most(whole.length);
    const cut = path.join(folder.path, 'node');
    writeFileSync(cut, Buffer.concat([head, whole.subarray(head.length, sizeBytes)]), { mode: 0o755 });
    expect((await runProcess(cut, ['--print', '1 + 1'])).stdout).to.equal('2\n');
    const text = path.join(folder.path, 'text');
    writeFileSync(text, 'no executable');
    expect((await loadedExecutable(text)).sizeBytes).to.equal(13);
  });

  it('names machines as Docker does, whatever uname calls them', () => {
    expect(['Linux/x86_64', 'linux/amd64', 'linux/arm64/v8', 'linux/aarch64'].map(normalPlatform)).to.deep.equal(['linux/amd64', 'linux/amd64', 'linux/arm64', 'linux/arm64']);
  });
});
