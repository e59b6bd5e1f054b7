/** What a line of log looks like, and what never gets into one. */
import { expect } from 'chai';
import type { LogLevel } from '../../services/cli/log-levels.ts';
import { createLogger } from '../../services/cli/logger.ts';

function logging(level: LogLevel, log: (logger: ReturnType<typeof createLogger>) => void): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  log(createLogger(level, { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('is JSON, a line each, with an instant for a time, and nothing below the level asked for', () => {
    const [line, ...others] = logging('warn', (logger) => {
      logger.info('of no interest');
      logger.child({ component: 'tap' }).warn({ count: 2 }, 'two of them');
    });
    expect(others).to.deep.equal([]);
    expect(line).to.deep.include({ level: 40, component: 'tap', count: 2, msg: 'two of them' });
    expect(line?.['time']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('holds no secret, by whatever name or depth it is passed', () => {
    const secret = 'correct horse battery staple';
    const lines = logging('info', (logger) => {
      logger.info({ password: secret, options: { apiKey: secret, nats: { token: secret } } }, 'options');
      logger.info({ req: { headers: { authorization: secret, cookie: secret, 'set-cookie': secret } } }, 'a request');
    });
    expect(JSON.stringify(lines)).to.not.include(secret);
    expect(lines[0]).to.deep.include({ password: '[redacted]' });
  });

  it('holds none in the words of an error, which may repeat what a library was given', () => {
    const [line] = logging('info', (logger) => {
      const cause = new Error('connecting to esdb://homeport:s3cret@store:2113 failed');
      logger.error({ err: new Error('it came with hp_0123456789abcdef', { cause }) }, 'failed');
    });
    const text = JSON.stringify(line);
    expect(text).to.not.match(/s3cret|hp_0123/);
    expect(text).to.include('esdb://[redacted]@store:2113').and.include('hp_[redacted]');
  });
});
