/**
 * A CI job gets a token for its own identity, by a real issuer on loopback, and may do what its machine has been given.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { web } from '../../src/index.ts';
import { bearer } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let issuer: Upstream;
let upstream: Upstream;
let network: TestNetwork;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' };
  issuer = await startUpstream(({ target }) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      target === '/keys' ? { keys: [jwk] } : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
    ),
  }));
  upstream = await startUpstream(({ target }) => ({ body: `body of ${target}` }));
  network = await startNetwork({
    access: {
      issuers: [
        {
          url: issuer.url,
          audience: 'meridian',
          machines: [{ machine: 'ui-release', claims: { repository: 'acme/ui', ref: 'refs/tags/*' } }],
        },
      ],
    },
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [web({ name: 'docs', access: 'closed', upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  await issuer?.off();
}, 30_000);

async function exchange(claims: Record<string, unknown>): Promise<{ status: number; token: string }> {
  const jwt = await new SignJWT({ repository: 'acme/ui', ref: 'refs/tags/v1', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setIssuer(issuer.url)
    .setSubject('job')
    .setAudience('meridian')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(keys.privateKey);
  const answer = await fetch(`${network.url('pop')}/.meridian/v1/oidc/exchange`, {
    method: 'POST',
    body: JSON.stringify({ token: jwt }),
  });
  const body: unknown = await answer.json();
  const token = typeof body === 'object' && body !== null ? Reflect.get(body, 'token') : undefined;
  return { status: answer.status, token: typeof token === 'string' ? token : '' };
}

test('a job is let in as the machine that its claims say', async () => {
  const right = { actions: ['read'], routes: ['docs'], subjects: ['*'] };
  await network.node('origin').api('POST', '/grants', { to: 'machine:ui-release', ...right });
  const { status, token } = await exchange({});
  expect([status, token.slice(0, 4)]).toEqual([200, 'mrd_']);
  await eventually('it to be let in', async () => {
    const answer = await fetch(`${network.url('pop')}/a`, { headers: bearer(token) });
    return answer.status === 200;
  });
});

test('another job is not', async () => {
  expect((await exchange({ ref: 'refs/heads/main' })).status).toBe(403);
});
