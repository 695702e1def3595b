import { describe, expect, test } from 'bun:test';
import { npm } from './define.ts';
import { formatMistake } from './mistake.ts';
import { parseNetwork } from './network.ts';

type Policy = NonNullable<Parameters<typeof npm>[0]>['policy'];

function parse(policy: unknown) {
  const input = {
    secret: 'x'.repeat(32),
    nodes: { origin: { role: 'origin', listen: [{ port: 1 }] } },
    routes: [npm({ policy: policy as Policy })],
  };
  return parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {} });
}

function mistakes(policy: unknown): string[] {
  const result = parse(policy);
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

test('a policy says only what it wants, and the feed is found beside the config', () => {
  const result = parse({ releaseAge: {}, advisories: { path: 'osv' } });
  const [route] = result.ok ? result.network.routes : [];
  expect(route?.protocol === 'npm' && route.npm.policy).toEqual({
    releaseAge: { minimumS: 7 * 86_400, exempt: [], withoutTime: 'refuse' },
    blocked: [],
    advisories: { path: '/etc/meridian/osv', severity: 'low', except: [], checkS: 60 },
    provenance: [],
  });
});

describe('a rule', () => {
  test.each([
    ['lodash'],
    ['lodash@4.17.20'],
    ['lodash@<4.17.21'],
    ['lodash@>=1.0.0 <2.0.0 || 3.x'],
    ['lodash@1.4.1 - 1.4.2'],
    ['lodash@1.0.0-rc.1'],
    ['@acme/*'],
    ['*'],
    ['@acme/ui@^2'],
    ['JSONStream'],
  ])('may be about %s', (spec) => {
    expect(mistakes({ blocked: [spec], only: [spec], releaseAge: { exempt: [spec] } })).toEqual([]);
  });

  // The runtime's semver takes what it does not know for "all versions", which a rule must never mean by mistake.
  test.each([
    ['a tag', 'lodash@latest'],
    ['nothing behind the @', 'lodash@'],
    ['words', 'lodash@everything before 2'],
    ['half a range', 'lodash@>='],
    ['an operator that is none', 'lodash@=>1.0.0'],
    ['a URL', 'https://a.example/lodash'],
    ['nothing', ''],
  ])('may not be about %s', (_, spec) => {
    const [mistake] = mistakes({ blocked: [spec] });
    expect(mistake).toStartWith('routes[0].npm.policy.blocked[0]: expected a package');
  });

  test('has a cut-off that is a moment', () => {
    expect(mistakes({ releaseAge: { publishedBefore: '2026-11-01T00:00:00Z' } })).toEqual([]);
    expect(mistakes({ releaseAge: { publishedBefore: 'November' } })).toHaveLength(1);
    expect(mistakes({ releaseAge: { publishedBefore: '2026-13-01T00:00:00Z' } })).toHaveLength(1);
  });
});
