import { expect, test } from 'bun:test';
import { patternsOf } from '../maven/place.ts';
import type { RegistryOptions } from './options.ts';
import { writtenOut } from './written-out.ts';

const options: RegistryOptions = {
  upstreams: [{ url: 'https://repo.example.com', names: ['com.partner.*'], internalHosts: [] }],
  hosted: { names: ['com.acme.*', 'org.x:lib'], public: ['com.acme.open'], maxFileBytes: 1, quota: {} },
  policy: {
    ...{ blocked: ['com.evil.*', 'com.bad@<2', '*:log*'], only: ['com.*'] },
    releaseAge: { minimumS: 1, exempt: ['com.acme'], withoutTime: 'refuse' },
  },
  ...{ mirror: {}, ahead: { atOnce: 0 }, metadata: {}, maxIndexBytes: 1 },
};

test('a group of Maven means the same wherever the config names it', () => {
  const { upstreams, hosted, policy } = writtenOut(options, { patterns: patternsOf });
  expect(upstreams[0]?.names).toEqual(['com.partner:*', 'com.partner.*']);
  expect(hosted?.names).toEqual(['com.acme:*', 'com.acme.*', 'org.x:lib']);
  expect(hosted?.public).toEqual(['com.acme.open:*']);
  expect(policy?.blocked).toEqual(['com.evil:*', 'com.evil.*', 'com.bad:*@<2', '*:log*']);
  expect(policy?.only).toEqual(['com:*', 'com.*']);
  expect(policy?.releaseAge?.exempt).toEqual(['com.acme:*']);
});

test('an ecosystem without a short form has names as they are', () => {
  expect(writtenOut(options, {})).toBe(options);
});
