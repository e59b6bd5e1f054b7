/** A folder that is gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a folder before each test of the enclosing suite, and removes it after. Returns how to ask for its path. */
export function temporaryFolder(): () => string {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'homeport-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
