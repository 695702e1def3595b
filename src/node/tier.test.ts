import { expect, test } from 'bun:test';
import { signTier, verifyTier } from './tier.ts';

const secret = 'a secret of this network, which is long enough';
const claim = { node: 'pop-a', route: 'npm', background: false };
const signed = signTier(secret, claim, 'GET', '/npm/lodash', 1_000_000);

test('a node of the network is believed', () => {
  expect(verifyTier(secret, signed, 'GET', '/npm/lodash', 1_000_000)).toEqual(claim);
});

test('who wants only what is stored says so, and nobody else can say it', () => {
  const asking = signTier(secret, { ...claim, storedOnly: true }, 'GET', '/npm/lodash', 1_000_000);
  expect(verifyTier(secret, asking, 'GET', '/npm/lodash', 1_000_000)).toEqual({ ...claim, storedOnly: true });
  const forged = signed.replace(' f ', ' s ');
  expect(verifyTier(secret, forged, 'GET', '/npm/lodash', 1_000_000)).toBeNull();
});

test('clocks may be five minutes apart, not more', () => {
  expect(verifyTier(secret, signed, 'GET', '/npm/lodash', 1_000_000 + 299_000)).not.toBeNull();
  expect(verifyTier(secret, signed, 'GET', '/npm/lodash', 1_000_000 - 299_000)).not.toBeNull();
  expect(verifyTier(secret, signed, 'GET', '/npm/lodash', 1_000_000 + 301_000)).toBeNull();
});

test('a signature holds for its own request only', () => {
  expect(verifyTier(secret, signed, 'GET', '/npm/react', 1_000_000)).toBeNull();
  expect(verifyTier(secret, signed, 'POST', '/npm/lodash', 1_000_000)).toBeNull();
  expect(
    verifyTier('another secret, just as long as the first', signed, 'GET', '/npm/lodash', 1_000_000),
  ).toBeNull();
});

test('what was changed is not believed', () => {
  for (const forged of [
    signed.replace('pop-a', 'pop-b'),
    signed.replace(' npm ', ' web '),
    signed.replace(' f ', ' b '),
    signed.slice(0, -1),
    `${signed} `,
    '',
    'pop-a npm 1 f',
  ]) {
    expect(verifyTier(secret, forged, 'GET', '/npm/lodash', 1_000_000)).toBeNull();
  }
});

test('whose request it is comes along, and what his ticket is good for', () => {
  const only = [{ actions: ['publish'], routes: ['images'], subjects: ['team/äpp', ''] }] as const;
  for (const caller of [
    { token: null, address: '192.0.2.1' },
    { token: 'a1b2c3d4e5f6', address: '2001:db8::1' },
    { token: 'a1b2c3d4e5f6', address: 'unix, here', only },
    { token: null, address: '192.0.2.1', only: [] },
  ]) {
    const text = signTier(secret, { ...claim, caller }, 'POST', '/v2/', 1_000_000);
    expect(verifyTier(secret, text, 'POST', '/v2/', 1_000_000)).toEqual({ ...claim, caller });
    expect(verifyTier(secret, text.replace('@', '@x'), 'POST', '/v2/', 1_000_000)).toBeNull();
  }
});
