import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { loadCheckpointSigner } from '../../services/control-plane/checkpoint-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('the key that signs checkpoints', () => {
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = createTemporaryFolder();
  });
  afterEach(() => {
    folder.remove();
  });
  const codeOf = (load: () => unknown): unknown => {
    try {
      load();
      return undefined;
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
  };

  it('is made once, for its owner alone, and its public half lies beside the data', () => {
    const { publicKey } = loadCheckpointSigner(folder.path);
    expect(loadCheckpointSigner(folder.path).publicKey).to.equal(publicKey);
    expect(readFileSync(path.join(folder.path, 'checkpoint-key.pub'), 'utf8').trim()).to.equal(publicKey);
    expect((statSync(path.join(folder.path, 'keys', 'checkpoint.key')).mode & 0o777).toString(8)).to.equal('600');
  });

  it('may lie elsewhere', () => {
    const elsewhere = path.join(folder.path, 'volume', 'key');
    const { publicKey } = loadCheckpointSigner(path.join(folder.path, 'data'), elsewhere);
    expect(loadCheckpointSigner(path.join(folder.path, 'data'), elsewhere).publicKey).to.equal(publicKey);
    expect(codeOf(() => loadCheckpointSigner(path.join(folder.path, 'data')))).to.equal('checkpoint-key-missing');
  });

  it('is not replaced in silence where it is missing, another one or broken; who means it deletes its public half', () => {
    const { publicKey } = loadCheckpointSigner(folder.path);
    const file = path.join(folder.path, 'keys', 'checkpoint.key');
    writeFileSync(file, Buffer.alloc(32, 9).toString('base64'));
    expect(codeOf(() => loadCheckpointSigner(folder.path))).to.equal('checkpoint-key-wrong');
    writeFileSync(file, 'short');
    expect(codeOf(() => loadCheckpointSigner(folder.path))).to.equal('checkpoint-key-malformed');
    rmSync(file);
    expect(codeOf(() => loadCheckpointSigner(folder.path))).to.equal('checkpoint-key-missing');
    rmSync(path.join(folder.path, 'checkpoint-key.pub'));
    expect(loadCheckpointSigner(folder.path).publicKey).to.not.equal(publicKey);
  });
});
