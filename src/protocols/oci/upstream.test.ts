import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Answer } from '../../entry.ts';
import type { OriginDoor } from '../../protocol.ts';
import { openTokens } from './tokens.ts';
import { ask } from './upstream.ts';

/** A registry that wants a token, whose token service answers with this status. */
function registry(status: number) {
  const seen = { left: 0 };
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void seen.left--,
    });
  const fetch = async (_: unknown, url: string): Promise<Answer> => {
    if (url.includes('/token')) return { status, headers: new Headers(), body: null };
    seen.left++;
    const challenge = 'Bearer realm="http://registry.example/token",service="registry.example"';
    return { status: 401, headers: new Headers({ 'www-authenticate': challenge }), body: body() };
  };
  return { seen, door: { fetch } as unknown as OriginDoor };
}

test.each([429, 500])('nothing is left open where the token service answers %i', async (status) => {
  const { seen, door } = registry(status);
  const source = { name: 'registry.example', url: 'http://registry.example' };
  const place = { source, remote: { url: source.url }, repository: 'app' };
  const { signal } = new AbortController();
  const question = { method: 'GET', path: 'manifests/v1', headers: new Headers(), signal } as const;
  const asking = ask(place, question, door, openTokens(virtualClock()));
  await expect(asking).rejects.toMatchObject({ code: expect.stringMatching(/^upstream-/) });
  expect(seen.left).toBe(0);
});
