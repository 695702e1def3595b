/** Advisories about npm packages, whose versions are all semver: a feed in which one is not, is broken. */
import {
  type Advisory,
  type Event,
  inOrder,
  isWithin,
  NotOsv,
  readOsv as read,
} from '../../registry/policy/osv.ts';

/**
 * What a file of records (one, or a list of them) says of npm packages, by name, with events in order. Records that were withdrawn say nothing.
 *
 * @throws NotOsv
 */
export function readOsv(text: string): [name: string, advisory: Advisory][] {
  return read(text, 'npm').map(([name, advisory]) => [
    name,
    { ...advisory, ranges: advisory.ranges.map(sorted) },
  ]);
}

function sorted(events: readonly Event[]): readonly Event[] {
  for (const [, version] of events)
    if (version !== '0' && !isVersion(version)) throw new NotOsv(`${version} is no version`);
  return inOrder(events, compare);
}

/** Whether a version is affected. One that is no valid semver cannot be placed in a range, so any range counts. */
export function affects({ ranges, versions }: Advisory, version: string): boolean {
  if (versions.includes(version)) return true;
  if (!isVersion(version)) return ranges.length > 0;
  return ranges.some((events) => isWithin(events, (edge) => compare(version, edge)));
}

/** `0` stands for what comes before every version. */
function compare(a: string, b: string): number {
  if (a === '0' || b === '0') return Number(b === '0') - Number(a === '0');
  return Bun.semver.order(a, b);
}

const semver = /^v?\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?$/;

export function isVersion(text: string): boolean {
  return semver.test(text);
}
