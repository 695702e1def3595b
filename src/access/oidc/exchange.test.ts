import { beforeAll, describe, expect, test } from 'bun:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { virtualClock } from '../../../test/support/index.ts';
import { hashOfToken, makeToken } from '../token.ts';
import { type Exchange, exchanger, type TrustedIssuer } from './exchange.ts';

const url = 'https://ci.example.com';
const issuer: TrustedIssuer = {
  url,
  audience: 'meridian',
  algorithms: ['RS256', 'ES256'],
  lifetimeS: 900,
  rules: [
    { machine: 'ui', claims: { repository: 'acme/ui', ref: 'refs/heads/main' } },
    { machine: 'any-of-acme', claims: { repository: 'acme/*' } },
  ],
};
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

describe('an identity token', () => {
  let rsa: Keys;
  let other: Keys;
  let small: Keys;
  const clock = virtualClock();
  const made: { owner: string; expiresMs: number | null | undefined }[] = [];
  const fetched: string[] = [];
  let published: { kid: string; key: Keys }[] = [];
  let isAway = false;
  let trusted: Exchange;

  beforeAll(async () => {
    rsa = await generateKeyPair('RS256', { extractable: true });
    other = await generateKeyPair('RS256', { extractable: true });
    small = await generateKeyPair('ES256', { extractable: true });
    published = [{ kid: 'a', key: rsa }];
    trusted = exchanger({
      issuers: [issuer],
      clock,
      async makeToken(_, { owner, expiresMs }) {
        made.push({ owner, expiresMs });
        const text = makeToken();
        const record = { id: 'x'.repeat(12), hash: hashOfToken(text), label: '', owner, createdMs: 0 };
        return { text, token: { ...record, expiresMs: expiresMs ?? null, addresses: [], limit: null } };
      },
      async fetchJson(address) {
        fetched.push(address);
        if (isAway) throw new Error('away');
        if (address.endsWith('openid-configuration')) return { issuer: url, jwks_uri: `${url}/keys` };
        const keys = published.map(async ({ kid, key }) => ({ ...(await exportJWK(key.publicKey)), kid }));
        return { keys: await Promise.all(keys) };
      },
    });
  });

  const nowS = () => Math.floor(clock.now() / 1000);
  const good = (): JWTPayload => ({
    ...{ iss: url, aud: 'meridian', sub: 'repo:acme/ui', repository: 'acme/ui', ref: 'refs/heads/main' },
    ...{ iat: nowS(), exp: nowS() + 300 },
  });
  const signed = (claims: JWTPayload, header = {}, key = rsa) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'a', ...header }).sign(key.privateKey);
  const outcome = async (jwt: string) =>
    trusted.exchange(jwt, '192.0.2.1').then(
      ({ token }) => token.owner as string,
      ({ code, message }) => `${code}: ${message}`,
    );

  test('is good for a token of its machine for a while, by the first rule that fits', async () => {
    expect(await outcome(await signed(good()))).toBe('machine:ui');
    expect(made.at(-1)?.expiresMs).toBe(clock.now() + 900_000);
    expect(await outcome(await signed({ ...good(), ref: 'refs/heads/x' }))).toBe('machine:any-of-acme');
    expect(fetched).toHaveLength(2);
  });

  test('of a machine that no rule knows is refused', async () => {
    expect(await outcome(await signed({ ...good(), repository: 'evil/ui' }))).toStartWith('forbidden');
  });

  const faults: readonly (readonly [what: string, jwt: () => Promise<string> | string])[] = [
    ['of another issuer', () => signed({ ...good(), iss: 'https://evil.example.com' })],
    ['for another audience', () => signed({ ...good(), aud: 'others' })],
    ['without an audience', () => signed({ ...good(), aud: undefined as never })],
    ['that has expired', () => signed({ ...good(), exp: nowS() - 61 })],
    ['that never expires', () => signed({ ...good(), exp: undefined as never })],
    ['that is not valid yet', () => signed({ ...good(), nbf: nowS() + 120 })],
    ['of another type', () => signed(good(), { typ: 'at+jwt' })],
    ['signed with another key', () => signed(good(), {}, other)],
    [
      'whose key is in itself',
      async () => signed(good(), { kid: 'z', jwk: await exportJWK(other.publicKey) }, other),
    ],
    [
      'signed by an algorithm that is not allowed',
      async () => signed(good(), { alg: 'RS512' }, await generateKeyPair('RS512')),
    ],
    [
      'without a signature',
      async () => {
        const [, payload] = (await signed(good())).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
      },
    ],
    [
      'signed with the public key as a secret',
      async () => {
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(rsa.publicKey)));
        return new SignJWT(good()).setProtectedHeader({ alg: 'HS256', kid: 'a' }).sign(secret);
      },
    ],
    ['with padding', async () => `${await signed(good())}=`],
    ['in four parts', async () => `${await signed(good())}.x`],
    [
      'with another payload',
      async () => {
        const [head, , signature] = (await signed(good())).split('.');
        const forged = Buffer.from(JSON.stringify({ ...good(), repository: 'acme/other' })).toString(
          'base64url',
        );
        return `${head}.${forged}.${signature}`;
      },
    ],
    ['that is none', () => 'hello'],
  ];
  for (const [what, jwt] of faults)
    test(`${what} is refused`, async () => expect(await outcome(await jwt())).toStartWith('unauthenticated'));

  test('with a new key is accepted once the issuer publishes it, and the issuer is not asked for each', async () => {
    clock.advance(31_000);
    published = [...published, { kid: 'b', key: small }];
    const before = fetched.length;
    expect(await outcome(await signed(good(), { alg: 'ES256', kid: 'b' }, small))).toBe('machine:ui');
    for (let time = 0; time < 5; time++)
      expect(await outcome(await signed(good(), { kid: 'nobody' }, other))).toStartWith('unauthenticated');
    expect(fetched.length - before).toBe(2);
  });

  test('is accepted while the issuer is away, with the keys that are known, for a day', async () => {
    isAway = true;
    clock.advance(3_600_000);
    expect(await outcome(await signed(good()))).toBe('machine:ui');
    clock.advance(24 * 3_600_000);
    expect(await outcome(await signed(good()))).toContain('away');
    isAway = false;
    clock.advance(31_000);
    expect(await outcome(await signed(good()))).toBe('machine:ui');
  });
});
