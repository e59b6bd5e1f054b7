import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { DataDirectoryError, lockDataDirectory, type DataDirectoryErrorCode } from '../../services/event-store/data-directory-lock.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

describe('the lock of a data directory', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => {
    directory = makeTemporaryDirectory();
  });
  afterEach(() => {
    directory.remove();
  });

  const attempt = (path = directory.path): DataDirectoryErrorCode | 'held' => {
    try {
      lockDataDirectory(path).release();
      return 'held';
    } catch (error) {
      if (!(error instanceof DataDirectoryError)) throw error;
      expect(error.message).to.contain(path).and.to.contain('--data-dir');
      return error.code;
    }
  };

  /** Another process that holds the directory until it is killed. */
  const holdElsewhere = async (): Promise<() => Promise<void>> => {
    const module = new URL('../../services/event-store/data-directory-lock.ts', import.meta.url).href;
    const script = `import { lockDataDirectory } from ${JSON.stringify(module)};
      lockDataDirectory(process.argv[1]); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    };
  };

  it('is refused to a second process, and free again the moment the first is killed', async () => {
    const kill = await holdElsewhere();
    expect(attempt()).to.equal('data-directory-in-use');
    await kill();
    expect(attempt()).to.equal('held');
  });

  it('is refused to a second holder in the same process until the first lets go', () => {
    const lock = lockDataDirectory(directory.path);
    expect(attempt()).to.equal('data-directory-in-use');
    lock.release();
    lock.release();
    expect(attempt()).to.equal('held');
  });

  it('makes a directory that is not there', () => {
    expect(attempt(join(directory.path, 'a', 'b'))).to.equal('held');
  });

  it('says that a directory can’t be written', () => {
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    expect(attempt(file)).to.equal('data-directory-unwritable');
    expect(attempt('/proc/homeport')).to.equal('data-directory-unwritable');
  });
});
