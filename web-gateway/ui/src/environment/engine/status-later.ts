/** What an engine said of a container a while ago, such as `Up 59 seconds`, as it would say it by now. */

/** Docker's own words for spans (units.HumanDuration), and how many seconds they mean at least. */
const SPAN = /Less than a second|About an? (minute|hour)|(\d+) (second|minute|hour|day|week|month|year)s?/;
const SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800, month: 2_592_000, year: 31_536_000 };

/**
 * It is not asked again for its words' sake: every call is recorded.
 * @param status as the engine said it
 * @param passedSeconds since it said so
 */
export function statusLater(status: string, passedSeconds: number): string {
  if (passedSeconds < 1) return status;
  return status.replace(SPAN, (_, about?: string, count?: string, unit?: string) => {
    const seconds = about === undefined ? Number(count ?? 0) * (SECONDS[unit ?? ''] ?? 0) : (SECONDS[about] ?? 0);
    return humanDuration(seconds + passedSeconds);
  });
}

/** As Docker's units.HumanDuration. */
function humanDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const [minutes, hours] = [Math.floor(whole / 60), Math.round(whole / 3600)];
  if (whole < 1) return 'Less than a second';
  if (whole === 1) return '1 second';
  if (whole < 60) return `${whole} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
