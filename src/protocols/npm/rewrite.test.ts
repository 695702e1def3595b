import { afterEach, describe, expect, test } from 'bun:test';
import type { Answer } from '../../entry.ts';
import type { Protocol } from '../../protocol.ts';
import { bytesOf, closeWorld, exchangeOf, protocolAt } from './world.contract.ts';

afterEach(closeWorld);

const canonical =
  '{"name":"left","versions":{"1.0.0":{"dist":{"tarball":"http://meridian.invalid/left/-/left-1.0.0.tgz"}}}}';
const here = canonical.replace('http://meridian.invalid', 'https://packages.example.com');

function answerOf(text: string, status = 200): Answer {
  const headers = new Headers({
    'content-type': 'application/json',
    'content-length': String(text.length),
    'cache-control': 'public, max-age=300',
    vary: 'accept, accept-encoding',
    etag: '"canonical"',
    'repr-digest': 'sha-256=:AAAA:',
    'meridian-unframed': '?1',
    'meridian-source': '{}',
  });
  return { status, headers, body: status === 304 ? null : new Response(text).body };
}

function rewritten(answer: Answer, { target = '/left', pop = protocolAt('pop') } = {}): Answer {
  const exchange = exchangeOf(target);
  const named = pop.name(exchange);
  if (named.as !== 'resource' || pop.rewrite === undefined) throw new Error(`${target} is a ${named.as}`);
  return pop.rewrite(named, answer, exchange);
}

async function textOf(answer: Answer): Promise<string> {
  return Buffer.from(await bytesOf(answer)).toString();
}

describe('a PoP turns the canonical document into its clients’', () => {
  test('with links to where they came from', async () => {
    expect(await textOf(rewritten(answerOf(canonical)))).toBe(here);
    const pop = protocolAt('pop', {}, '/npm');
    const below = canonical.replace('http://meridian.invalid', 'https://packages.example.com/npm');
    expect(await textOf(rewritten(answerOf(canonical), { pop, target: '/npm/left' }))).toBe(below);
  });

  test('also when only one version is asked for', async () => {
    expect(await textOf(rewritten(answerOf(canonical), { target: '/left/1.0.0' }))).toBe(here);
  });

  test('out of a body in memory as well', async () => {
    const body = new TextEncoder().encode(canonical.repeat(5_000));
    expect(await textOf(rewritten({ ...answerOf(''), body }))).toBe(here.repeat(5_000));
  });

  test('without what described the canonical bytes', () => {
    const { headers } = rewritten(answerOf(canonical));
    for (const name of ['content-length', 'repr-digest', 'meridian-source', 'meridian-unframed']) {
      expect(headers.get(name)).toBeNull();
    }
    expect(headers.get('vary')).toBe('accept, accept-encoding');
    expect(headers.get('content-type')).toBe('application/json');
  });
});

describe('its entity tag', () => {
  const prefixed = protocolAt('pop', {}, '/npm');
  const etagOf = (pop: Protocol): string | null =>
    rewritten(answerOf(canonical), { pop, target: pop === prefixed ? '/npm/left' : '/left' }).headers.get(
      'etag',
    );

  test('is strong, and differs by address', () => {
    const etags = [etagOf(protocolAt('pop')), etagOf(prefixed)];
    expect(new Set(etags).size).toBe(2);
    for (const etag of etags) expect(etag).toMatch(/^"canonical\.[\w-]{8}"$/);
  });

  test('is the same in every PoP with that address', () => {
    expect(etagOf(protocolAt('pop'))).toBe(etagOf(protocolAt('pop')));
  });

  test('goes with the canonical one, by which the shield is asked', () => {
    expect(rewritten(answerOf(canonical)).headers.get('meridian-source-etag')).toBe('"canonical"');
  });

  test('is in a confirmation too', () => {
    const { status, headers, body } = rewritten(answerOf('', 304));
    expect(status).toBe(304);
    expect(body).toBeNull();
    expect(headers.get('etag')).toBe(etagOf(protocolAt('pop')));
  });
});

test('errors and tarballs pass as they are', () => {
  const missing = answerOf('{"error":"Not found"}', 404);
  expect(rewritten(missing)).toBe(missing);
  const tarball = answerOf(canonical);
  expect(rewritten(tarball, { target: '/left/-/left-1.0.0.tgz' })).toBe(tarball);
});

test('whoever stops reading stops the source, even one that has stalled', async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(1024).fill(32)),
    pull: () => new Promise(() => {}),
    cancel: cancelled.resolve,
  });
  const { body: rendered } = rewritten({ ...answerOf(''), body });
  if (!(rendered instanceof ReadableStream)) throw new Error('a stream becomes a stream');
  const reader = rendered.getReader();
  await reader.read();
  const waiting = reader.read();
  await reader.cancel('enough');
  expect(await cancelled.promise).toBe('enough');
  expect(await waiting).toMatchObject({ done: true });
});

test('a source that breaks off breaks the document off', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('reset'));
    },
  });
  const broken = rewritten({ ...answerOf(''), body: body.pipeThrough(new TransformStream()) });
  await expect(bytesOf(broken)).rejects.toThrow('reset');
});
