/** No release's protocol is broken by today's: `buf breaking` against the image that each release left. */
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { RECORDED, recordedReleases } from './recording.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUF = path.join(ROOT, 'node_modules', '.bin', 'buf');

describe('the protocol', () => {
  for (const release of recordedReleases()) {
    const image = path.join(RECORDED, release, 'homeport.binpb');
    const against = async (input: string): Promise<string> => {
      const { code, stdout, stderr } = await runProcess(BUF, ['breaking', input, '--against', image]);
      return code === 0 ? '' : `${stdout}${stderr}`;
    };

    it(`is not broken since ${release}`, async () => {
      expect(await against(ROOT)).to.equal('');
    });

    it(`could not be broken since ${release} unseen`, async () => {
      const folder = createTemporaryFolder();
      try {
        copyFileSync(path.join(ROOT, 'buf.yaml'), path.join(folder.path, 'buf.yaml'));
        cpSync(path.join(ROOT, 'proto', 'homeport'), path.join(folder.path, 'proto', 'homeport'), { recursive: true });
        const file = path.join(folder.path, 'proto', 'homeport', 'tunnel', 'v1', 'tunnel.proto');
        writeFileSync(file, readFileSync(file, 'utf8').replace('bytes token = 1;', 'string token = 1;'));
        expect(await against(folder.path)).to.match(/tunnel\.proto:.*"token".*changed type/);
      } finally {
        folder.remove();
      }
    });
  }
});
