import { expect, test } from 'bun:test';
import { describe } from './describe.ts';

test('a policy says in words what it asks for, with what it is about and what it is not about', () => {
  const terms = describe({
    releaseAge: {
      minimumS: 7 * 86_400,
      publishedBefore: '2026-11-01T00:00:00Z',
      exempt: ['@acme/*'],
      withoutTime: 'refuse',
    },
    blocked: ['left-pad'],
    only: undefined,
    advisories: { path: '/osv', severity: 'high', except: ['GHSA-1'], checkS: 60 },
    provenance: ['@acme/*'],
  });
  expect(terms).toEqual([
    { rule: 'blocked', says: 'may not be among these', about: ['left-pad'], except: [] },
    {
      ...{ rule: 'advisories', says: 'has no known advisory of severity high or worse' },
      ...{ about: [], except: ['GHSA-1'] },
    },
    { rule: 'provenance', says: 'says where it was built', about: ['@acme/*'], except: [] },
    {
      rule: 'releaseAge',
      says: 'was published 7 days ago or earlier, and before 2026-11-01 00:00 UTC',
      ...{ about: [], except: ['@acme/*'] },
    },
  ]);
});

test('a route without rules asks for nothing', () => {
  expect(describe({ blocked: [], provenance: [] })).toEqual([]);
});
