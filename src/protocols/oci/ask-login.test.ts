import { expect, test } from 'bun:test';
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import { challengeFor, explanationOf } from './ask-login.ts';
import { openSources } from './sources.ts';

const sources = openSources([{ name: 'hub.example', url: 'https://hub.example' }], 'hub.example');
const missing = new MeridianError('unauthenticated', 'no token');

function challenge(method: string, target: string, prefix = '', authorization?: string): string {
  const [path = '', query] = target.split('?', 2);
  const exchange = {
    ...{ method, path, query: query === undefined ? '' : `?${query}` },
    ...{ base: 'https://images.example', authority: 'images.example' },
    headers: new Headers(authorization === undefined ? {} : { authorization }),
  } as Exchange;
  return challengeFor({ prefix }, sources, missing, exchange);
}

const scopeIn = (text: string) => /scope="([^"]*)"/.exec(text)?.[1] ?? null;

test('a client is sent to the token endpoint of the route, for what it has tried to do', () => {
  expect(challenge('GET', '/v2/')).toBe(
    'Bearer realm="https://images.example/v2/token",service="images.example"',
  );
  expect(challenge('GET', '/x/v2/', '/x')).toContain('realm="https://images.example/x/v2/token"');
  expect(challenge('GET', '/x/v2/', '/x/v2')).toContain('realm="https://images.example/x/v2/token"');
  const scopes = [
    ['GET', '/v2/a/b/manifests/v1', 'repository:a/b:pull'],
    ['HEAD', '/v2/a/b/manifests/v1?ns=hub.example', 'repository:hub.example/a/b:pull'],
    ['PUT', '/v2/a/b/manifests/v1', 'repository:a/b:pull,push'],
    ['DELETE', '/v2/a/b/manifests/v1', 'repository:a/b:delete'],
    ['GET', '/v2/a/b/blobs/uploads/1', 'repository:a/b:pull,push'],
    ['POST', '/v2/a/b/blobs/uploads/?mount=x&from=c/d', 'repository:a/b:pull,push repository:c/d:pull'],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ] as const;
  for (const [method, target, scope] of scopes) expect(scopeIn(challenge(method, target))).toBe(scope);
});

test('a client whose token is no good is told that, and at the token endpoint what is wanted there', () => {
  expect(challenge('GET', '/v2/', '', 'Bearer x')).toContain('error="invalid_token"');
  expect(challenge('GET', '/v2/token')).toStartWith('Basic ');
});

test('what a client writes into an address does not get out of its place', () => {
  const text = challenge('POST', '/v2/a/blobs/uploads/?mount=x&from=%22,error=%22%0d%0ax');
  expect(text.match(/"/g)?.length).toBe(6);
  expect(text).not.toContain('\n');
  // Nor is a token asked for to more than a repository.
  expect(scopeIn(challenge('POST', '/v2/a/blobs/uploads/?mount=x&from=b:pull%20repository:c'))).toBe(
    'repository:a:pull,push',
  );
});

test('who has to log in is told where and how, and everybody else what is wrong', () => {
  const at = { authority: 'images.example' };
  expect(explanationOf(missing, at)).toStartWith('no token. Log in to images.example (docker login, ');
  const forbidden = new MeridianError('forbidden', 'alice may not');
  expect(explanationOf(forbidden, at)).toBe(forbidden.explanation);
});
