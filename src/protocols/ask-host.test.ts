/** Which upstream a failure names. */
import { expect, test } from 'bun:test';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { askHost } from './ask-host.ts';

const url = new URL('https://registry-1.docker.io/v2/library/alpine/manifests/3');

function failureWith(thrown: unknown, name: string): Promise<unknown> {
  const request = { method: 'GET', headers: new Headers(), signal: new AbortController().signal } as const;
  const origin = { fetch: (): Promise<Answer> => Promise.reject(thrown) };
  return askHost({ name }, url, undefined, request, origin).catch((error: unknown) => error);
}

test('a failure names the source and its host', async () => {
  const error = await failureWith(
    new MeridianError('upstream-unreachable', 'the upstream refuses connections'),
    'docker.io',
  );
  expect(error).toMatchObject({
    code: 'upstream-unreachable',
    detail: 'docker.io (registry-1.docker.io): the upstream refuses connections',
  });
});

test('a host is not named twice', async () => {
  const refused = new MeridianError('upstream-timeout', 'the upstream did not answer in time');
  expect(await failureWith(refused, 'registry-1.docker.io')).toMatchObject({
    detail: 'registry-1.docker.io: the upstream did not answer in time',
  });
  const limiting = new MeridianError(
    'upstream-limiting',
    'https://registry-1.docker.io wants to be left alone',
    {
      retryAfterS: 90,
    },
  );
  expect(await failureWith(limiting, 'docker.io')).toMatchObject({
    detail: 'docker.io: https://registry-1.docker.io wants to be left alone',
    retryAfterS: 90,
  });
});

test('a failure that begins with the host stays as it is where the source has no other name', async () => {
  const offline = new MeridianError('upstream-offline', 'registry-1.docker.io is not asked');
  expect(await failureWith(offline, 'registry-1.docker.io')).toBe(offline);
  expect(await failureWith(offline, 'docker.io')).toMatchObject({
    detail: 'docker.io: registry-1.docker.io is not asked',
  });
});

test('what is no fault of the upstream stays what it is', async () => {
  const gone = new DOMException('The client has left.', 'AbortError');
  expect(await failureWith(gone, 'docker.io')).toBe(gone);
  const busy = new MeridianError('overloaded', 'the node is at its limit');
  expect(await failureWith(busy, 'docker.io')).toBe(busy);
});
