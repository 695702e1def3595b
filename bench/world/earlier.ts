/**
 * What nodes have served before anything is measured, to another client: a network that is running has done all of it before, though it has nothing of what is
 * about to be installed. It is what will be asked for once more, on a route that is like the other and shares nothing with it: a runtime compiles
 * what runs often, and what runs for the first time takes twice as long.
 */
import { readAccessLog } from '../../test/support/access-log.ts';

/** One request, as it was made once. */
export interface Earlier {
  readonly route: Alike;
  readonly target: string;
  readonly userAgent: string;
}

/** Routes that have another one like them, and its prefix. */
export const alike = { npm: '/earlier/npm', pypi: '/earlier/pypi' } as const;
type Alike = keyof typeof alike;

/** More would show nothing new. */
const MOST = 1_200;
const AT_ONCE = 64;
/** By then, what was fetched ahead has come. */
const SETTLING_MS = 1_000;

const ACCEPTED: Readonly<Record<Alike, string>> = {
  npm: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
  pypi: 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01',
};

/** From line `since` of a PoP's access log on; none of a route that has no other like it. */
export function earlierOf(log: string, since: number, route: string): readonly Earlier[] {
  if (!isAlike(route)) return [];
  return readAccessLog(log)
    .slice(since)
    .filter((each) => each.route === route && each.method === 'GET' && each.status === 200)
    .slice(0, MOST)
    .map(({ target, userAgent = '' }) => ({ route, target, userAgent }));
}

function isAlike(route: string): route is Alike {
  return route in alike;
}

/** @param near address of the PoP, without a trailing slash. Throws when one of them fails. */
export async function askEarlier(near: string, all: readonly Earlier[]): Promise<void> {
  if (all.length === 0) return;
  const left = all.values();
  const client = async () => {
    for (const { route, target, userAgent } of left) {
      const url = `${near}${alike[route]}${target.slice(`/${route}`.length)}`;
      const headers = {
        'user-agent': `${userAgent} earlier`,
        'accept-encoding': 'gzip',
        accept: ACCEPTED[route],
      };
      const reply = await fetch(url, { headers, decompress: false });
      await reply.arrayBuffer();
      if (!reply.ok) throw new Error(`${url} was answered with ${reply.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  await Bun.sleep(SETTLING_MS);
}
