/** What a policy of a route for packages comes to: who is refused and told what, and which caches are told of a change. */
import { afterEach, describe, expect, test } from 'bun:test';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, exchange, resource, temporary, virtualClock } from '../../../../test/support/index.ts';
import { nothingAhead } from '../../../../test/support/prefetch.ts';
import { systemClock } from '../../../clock.ts';
import type { Answer } from '../../../entry.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor, OriginHome } from '../../../protocol.ts';
import type { Ecosystem, Item, Pulling, RegistryOrigin } from '../ecosystem.ts';
import { policyDesk } from './explain.ts';
import type { PolicyOptions } from './options.ts';
import { beginWithout, openPolicy, type Policy } from './policy.ts';
import { policyField, refusePackage, refuseVersion } from './refuse.ts';
import { semanticOrder } from './semver.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 5, 15);
const file: Item = { kind: 'file', name: 'left-pad', path: 'files/left-pad-1.0.0.tgz' };
const week = { minimumS: (7 * day) / 1000, exempt: [], withoutTime: 'refuse' } as const;

/** Names in any case, with dashes or underscores; as Python has them. */
const ecosystem = {
  ...{ id: 'toy', title: 'Toy', advisories: 'Toy' },
  order: semanticOrder({ fewest: 1, most: 3, build: () => '' }),
  canonical: (name: string) => name.toLowerCase().replaceAll('_', '-'),
  error: (status: number, message: string) => ({ type: 'text/x-toy', body: `toy ${status}: ${message}` }),
  facts: async (_: string, version: string) => (version === '9' ? null : { publishedMs: start - 30 * day }),
} satisfies Partial<Ecosystem>;

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

function world(options: Partial<PolicyOptions>, clock = virtualClock(start)) {
  const policy = openPolicy({ blocked: [], ...options }, { ecosystem, route: 'toys', clock });
  opened.push(policy);
  const registry = {
    ...{ ecosystem, policy, clock },
    hosted: { claims: (name: string) => name === 'ours' },
  } as unknown as RegistryOrigin;
  const ask = (background = false): Ask => ({ ...asking, background });
  const at = (background?: boolean): Pulling => ({ registry, ask: ask(background), door });
  const desk = policyDesk(policy, registry);
  return {
    ...{ policy, clock, at, registry },
    explain: (subject: string) => desk.explain(subject, ask(), door),
    desk,
  };
}

const asking = { exchange: exchange(), named: resource(), stored: null, part: null } as unknown as Ask;
const door = {} as OriginDoor;

function said(answer: Answer | null) {
  if (answer === null) return null;
  const { status, headers, body } = answer;
  return {
    ...{ status, marked: headers.get(policyField), cached: headers.get('cache-control') },
    text: body instanceof Uint8Array ? new TextDecoder().decode(body) : '',
  };
}

describe('who wants a file of a version that the policy is against', () => {
  test('hears why in the words of his ecosystem, and what may be given out again is not kept beyond that', () => {
    const { at, clock } = world({ releaseAge: week });
    const facts = { version: '1.0.0', publishedMs: start - 7 * day + 4_000 };
    expect(said(refuseVersion(file, facts, at()))).toEqual({
      ...{ status: 403, marked: 'refused', cached: 'public, max-age=4' },
      text: 'toy 403: left-pad@1.0.0 is refused by the policy of this registry: it was published 2026-06-08 00:00 UTC and has to be 7 days old, which it is from 2026-06-15 00:00 UTC. Use an older version, or ask whoever runs this registry for an exception.',
    });
    clock.advance(4_000);
    expect(refuseVersion(file, facts, at())).toBeNull();
  });

  test('is noted, but for what is fetched ahead of anybody who asks', async () => {
    const { at, policy } = world({ blocked: ['Left_Pad@<2'] });
    const facts = { version: '1.0.0', publishedMs: null };
    expect(said(refuseVersion(file, facts, at(true)))?.status).toBe(403);
    expect(await policy.refusals.list()).toEqual([]);
    refuseVersion(file, facts, at());
    refuseVersion(file, facts, at());
    expect(await policy.refusals.list()).toMatchObject([
      { subject: 'left-pad@1.0.0', rules: ['blocked'], why: 'is blocked (<2)', times: 2 },
    ]);
    expect(refuseVersion(file, { version: '2.0.0', publishedMs: null }, at())).toBeNull();
  });

  test('of a package that is blocked as a whole, nobody is asked about any', () => {
    const { at } = world({ blocked: ['left-*'] });
    expect(said(refusePackage('left-pad', at()))).toMatchObject({
      status: 403,
      cached: 'public, max-age=10',
    });
    expect(refusePackage('right-pad', at())).toBeNull();
    expect(said(refusePackage('right-pad', world({ only: ['left-pad'] }).at()))?.text).toContain(
      'right-pad is refused by the policy of this registry: it is not among what may be used here.',
    );
  });
});

test('when a version was published matters only where there is a rule about it', () => {
  const { policy } = world({ releaseAge: { ...week, exempt: ['acme-*', 'left-pad@1.0'] }, blocked: ['x'] });
  expect(['left-pad', 'Acme_Tools', 'other'].map((name) => policy.needsTime(name))).toEqual([
    true,
    false,
    true,
  ]);
  expect(world({ blocked: ['left-pad@1'] }).policy.needsTime('left-pad')).toBe(false);
});

test('a rule about what is no version of the ecosystem is a mistake, not a rule without effect', () => {
  expect(() => world({ blocked: ['left-pad@^1.0'] })).toThrow(
    "The policy's rule about left-pad@^1.0 is none for Toy: ^1.0 is no version",
  );
  expect(() => world({ releaseAge: { ...week, exempt: ['left@latest'] } })).toThrow('latest is no version');
});

describe('whoever runs the route', () => {
  test('is told what each rule says of a version', async () => {
    const { explain } = world({ blocked: ['left-pad@<1', 'evil', '@x/*'], releaseAge: week });
    expect(await explain('Left_Pad@0.9')).toEqual({
      ...{ subject: 'Left_Pad@0.9', verdict: 'refused', untilMs: null },
      why: 'is blocked (<1)',
      rules: [
        { rule: 'blocked', passes: false, why: 'is blocked (<1)' },
        { rule: 'releaseAge', passes: true, why: 'was published 2026-05-16 00:00 UTC' },
      ],
    });
    expect(await explain('left-pad@1.0')).toMatchObject({ verdict: 'allowed', why: 'may be used' });
    expect(await explain('evil@1')).toMatchObject({ verdict: 'refused', why: 'is blocked (all versions)' });
    expect(await explain('left-pad@9')).toMatchObject({ verdict: 'unknown' });
    expect(await explain('ours@1')).toMatchObject({
      verdict: 'allowed',
      why: expect.stringContaining('home'),
    });
  });

  test('is told so where nothing is asked', async () => {
    const why = 'is not what any rule of this route is about';
    expect(await world({ blocked: ['evil'] }).explain('left-pad@1')).toMatchObject({
      verdict: 'allowed',
      why,
    });
    const desk = policyDesk(null, world({}).registry);
    expect(await desk.explain('left-pad@1', asking, door)).toMatchObject({ verdict: 'allowed', why });
    expect([desk.terms(), desk.sources(), await desk.refused()]).toEqual([[], [], []]);
  });

  test.each(['left-pad', 'left-pad@', '@1.0', ''])(
    'and has to name a version, which %p does not',
    async (subject) => {
      await expect(world({}).explain(subject)).rejects.toThrow('request-malformed');
    },
  );

  test('is told the rules in words', () => {
    expect(
      world({ only: ['left-*'], releaseAge: week })
        .desk.terms()
        .map(({ rule, about }) => [rule, about]),
    ).toEqual([
      ['only', ['left-*']],
      ['releaseAge', []],
    ]);
  });
});

describe('a feed of advisories', () => {
  let written = 0;
  function write(path: string, names: readonly string[], ecosystem = 'Toy'): void {
    const records = names.map((name) => ({
      id: name.toLowerCase(),
      affected: [
        {
          package: { ecosystem, name },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2' }] }],
        },
      ],
    }));
    writeFileSync(path, JSON.stringify(records));
    utimesSync(path, new Date(), new Date(1_700_000_000_000 + ++written * 1000));
  }

  function following() {
    const purged: string[] = [];
    const home: OriginHome = {
      ...nothingAhead,
      stores: null,
      warn: (message) => purged.push(message),
      async purge(selectors, soft) {
        const all = selectors.map((each) => Object.values(each).join(' ')).join(', ');
        purged.push(`${soft ? 'soft' : 'hard'} ${all}`);
      },
    };
    return { home, purged };
  }

  function rules(policy: Policy, name: string, version: string) {
    return (
      policy
        .judgeOf(name)
        .against({ version, publishedMs: null })
        ?.map(({ rule }) => rule) ?? null
    );
  }

  test('counts for the names and versions of its ecosystem; until it is read, nothing is judged', async () => {
    using folder = temporary('osv');
    const path = join(folder.path, 'osv.json');
    write(path, ['Left_Pad', 'right']);
    const advisories = { path, severity: 'low', except: ['right'], checkS: 60 } as const;
    const { policy } = world({ advisories });
    expect(() => policy.judgeOf('left-pad')).toThrow('policy-unready');
    await policy.ready();
    expect(rules(policy, 'left-pad', '2.0.0-rc.1')).toEqual(['advisories']);
    expect(rules(policy, 'left-pad', '2')).toBeNull();
    expect(rules(policy, 'right', '1')).toBeNull();
    expect(policy.feed).toMatchObject({ advisories: 2, error: null });
  });

  test('of another ecosystem is about nothing here', async () => {
    using folder = temporary('osv');
    const path = join(folder.path, 'osv.json');
    write(path, ['left-pad'], 'npm');
    const { policy } = world({ advisories: { path, severity: 'low', except: [], checkS: 60 } });
    await policy.ready();
    expect([policy.feed?.advisories, rules(policy, 'left-pad', '1')]).toEqual([0, null]);
  });

  test('that changes concerns the packages that it says something else of', async () => {
    using folder = temporary('osv');
    const path = join(folder.path, 'osv.json');
    write(path, ['Left_Pad', 'right']);
    const { policy } = world({ advisories: { path, severity: 'low', except: [], checkS: 1 } }, realTime());
    const { home, purged } = following();
    policy.begin(home);
    await eventually('the route to be told', () => purged.length === 1);
    write(path, ['left_pad', 'Middle']);
    await eventually('what has changed to be told', () => purged.length === 2);
    expect(purged).toEqual(['soft route toys', 'soft tag toy:right, tag toy:middle']);
  });

  test('that is gone with the whole policy concerns the route, if it had one', async () => {
    const { home, purged } = following();
    beginWithout({ ecosystem, route: 'toys' }, home);
    world({ blocked: ['left'] }).policy.begin(home);
    await eventually('the route to be told', () => purged.length === 1);
    expect(purged).toEqual(['soft route toys']);
  });
});

/** What a worker answers takes real time, which a clock that stands still would never give it. */
function realTime(): ReturnType<typeof virtualClock> {
  return Object.assign(virtualClock(start), systemClock);
}
