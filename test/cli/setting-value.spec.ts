/** Settings as people type them. */
import { expect } from 'chai';
import { parseSetting, readableSetting } from '../../services/cli/setting-value.ts';

describe('values of settings', () => {
  it('are numbers, also with a unit that fits, words, and true or false', () => {
    const typed = [
      ['pollIntervalSeconds', '10', 5, 10],
      ['inactivityTimeoutSeconds', '5m', 5, 300],
      ['pollRetentionHours', '2d', 24, 48],
      ['snapshotRetentionDays', '60d', 30, 60],
      ['pollRetentionBytes', '2GiB', 1, 2 ** 31],
      ['snapshotRetentionCount', '7', 1, 7],
      ['publishPolls', 'false', true, false],
      ['auditMode', 'available', 'strict', 'available'],
    ] as const;
    for (const [name, text, now, value] of typed) expect(parseSetting(name, text, now), name).to.equal(value);
    expect(parseSetting('operatorDeniedOperations', 'exec, attach', [])).to.deep.equal(['exec', 'attach']);
    expect(parseSetting('operatorDeniedOperations', '', ['exec'])).to.deep.equal([]);
  });

  it('that are nothing of the kind are refused with what would be', () => {
    for (const [name, text, now, words] of [
      ['pollIntervalSeconds', '10MiB', 5, 'pollIntervalSeconds is 10MiB: give a whole number, or one with d, h, m, s'],
      ['pollRetentionHours', '30m', 24, 'pollRetentionHours is 30m'],
      ['snapshotRetentionCount', '1d', 1, 'give a whole number'],
      ['pollIntervalSeconds', '', 5, 'pollIntervalSeconds is '],
      ['publishPolls', 'maybe', true, 'publishPolls is maybe: give true or false'],
    ] as const) {
      expect(() => parseSetting(name, text, now), text).to.throw(words).with.property('exitCode', 2);
    }
  });

  it('are shown with what they are in the largest unit that fits', () => {
    expect(readableSetting('inactivityTimeoutSeconds', 300)).to.equal('300 (5m)');
    expect(readableSetting('pollIntervalSeconds', 5)).to.equal('5');
    expect(readableSetting('pollRetentionHours', 48)).to.equal('48 (2d)');
    expect(readableSetting('snapshotRetentionDays', 30)).to.equal('30');
    expect(readableSetting('pollRetentionBytes', 2 ** 34)).to.equal('17179869184 (16GiB)');
    expect(readableSetting('auditMode', 'strict')).to.equal('strict');
    expect(readableSetting('operatorDeniedOperations', ['exec', 'attach'])).to.equal('exec,attach');
  });
});
