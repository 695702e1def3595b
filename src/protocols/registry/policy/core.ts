/**
 * The supply-chain policy of a route, at the origin: what it asks of each package, and seeing to it that a change of that reaches every
 * cache. Everybody else only sees documents that hold what may be used, and refusals. The same for npm and for all other ecosystems.
 */
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import type { OriginHome } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import { followChanges } from '../../follow-policy.ts';
import { openRefusals, type Refusals } from '../../refusals.ts';
import { type Feed, type FeedReader, openFeed } from './feed.ts';
import type { PolicyOptions } from './options.ts';
import { severities } from './osv.ts';
import { rangesOf, specOf } from './spec.ts';
import type { AgeTerms, Terms } from './terms.ts';

export interface CoreOptions extends PolicyOptions {
  /** Names, with stars, of packages whose every version has to come with a statement of where it was built. */
  readonly provenance: readonly string[];
}

export interface PolicyCore {
  /** What was refused lately. */
  readonly refusals: Refusals;
  /** What is to be said of the feed; `null`: there is none. */
  readonly feed: Feed['state'] | null;
  /** Resolves when what the policy says is known, when that has failed, or when it takes too long to wait for. */
  ready(): Promise<void>;
  /**
   * What is asked of a package's versions; `null`: nothing.
   *
   * @throws `policy-unready` while there are no advisories to judge by.
   */
  termsOf(name: string): Terms | null;
  /** Begins to look after the feed, and has purged what other terms have led to. */
  begin(home: OriginHome): void;
  close(): void;
}

export interface CoreDependencies {
  /** First word of the tags of packages, and of what is written down: `npm`. */
  readonly id: string;
  readonly route: string;
  /** One for all spellings of a name, in rules. */
  canonical(name: string): string;
  readonly reader: FeedReader;
  readonly clock: Clock;
}

/** How long a request waits for the feed to be read for the first time; a hundred thousand records take two seconds, as files six. */
const READING_MS = 20_000;
/** Packages that are purged one by one; beyond it, the route as a whole. */
const MAX_NAMES = 500;

export function openCore(options: CoreOptions, dependencies: CoreDependencies): PolicyCore {
  const { id, route, canonical, reader, clock } = dependencies;
  const { advisories, releaseAge } = options;
  const rulesOf = (texts: readonly string[]) => rangesOf(texts.map(specOf), canonical);
  const blocked = rulesOf(options.blocked);
  const only = options.only && rulesOf(options.only);
  const exempt = rulesOf(releaseAge?.exempt ?? []);
  const proven = rulesOf(options.provenance);
  const excepted = new Set(advisories?.except);
  const worst = advisories === undefined ? [] : severities.slice(severities.indexOf(advisories.severity));
  const feed = advisories === undefined ? null : openFeed(advisories, { reader, clock });
  const settings = new Bun.CryptoHasher('sha256').update(JSON.stringify(options)).digest('base64url');

  function ageFor(name: string): AgeTerms | null {
    if (releaseAge === undefined) return null;
    const { minimumS, publishedBefore, withoutTime } = releaseAge;
    const publishedBeforeMs = publishedBefore === undefined ? null : Date.parse(publishedBefore);
    return { minimumMs: minimumS * 1000, publishedBeforeMs, withoutTime, exempt: exempt(name) };
  }

  function advisoriesFor(name: string): Terms['advisories'] {
    if (feed === null) return [];
    const known = feed.about(name);
    if (known === null) {
      const why = feed.state.error ?? 'the feed of advisories is being read';
      throw new MeridianError('policy-unready', why, { retryAfterS: 5 });
    }
    return known.filter(
      ({ id, aliases, severity }) =>
        worst.includes(severity) && ![id, ...aliases].some((each) => excepted.has(each)),
    );
  }

  const refusals = openRefusals({ documents: `${id}-refused`, route, clock });
  return {
    refusals,
    get feed() {
      return feed?.state ?? null;
    },
    async ready() {
      if (feed !== null && feed.state.readMs === null) await withinTime(feed.ready(), clock);
    },
    termsOf(name) {
      const terms: Terms = {
        only: only ? only(name) : null,
        blocked: blocked(name),
        advisories: advisoriesFor(name),
        provenance: proven(name).length > 0,
        age: ageFor(name),
      };
      return isEmpty(terms) ? null : terms;
    },
    begin(home) {
      refusals.begin(home);
      const follower = followChanges({ ...followed(id, route), settings, home });
      if (feed === null) return follower.read('');
      feed.begin({
        warn: home.warn,
        read: (digest) => follower.read(digest),
        changed: (names, digest) => follower.changed(selectorsFor(id, route, names), digest),
      });
    },
    close() {
      refusals.close();
      feed?.close();
    },
  };
}

function withinTime(done: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(READING_MS, resolve);
    void done.then(() => {
      cancel();
      resolve();
    });
  });
}

function isEmpty({ only, blocked, advisories, provenance, age }: Terms): boolean {
  return only === null && blocked.length === 0 && advisories.length === 0 && !provenance && age === null;
}

/** How changes of the policy of a route are followed: softly, also when the config has changed. */
export function followed(id: string, route: string) {
  return {
    documents: `${id}-policy`,
    route,
    concerned: { soft: [{ by: 'route', route }], hard: [] },
  } as const;
}

/** Softly: what is the same under the new terms is confirmed at the price of a question. */
function selectorsFor(id: string, route: string, names: readonly string[]): Selector[] {
  if (names.length > MAX_NAMES) return [{ by: 'route', route }];
  return names.map((name) => ({ by: 'tag', tag: `${id}:${name}` }));
}
