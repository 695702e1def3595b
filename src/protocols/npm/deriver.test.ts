import { afterEach, describe, expect, test } from 'bun:test';
import type { Clock } from '../../clock.ts';
import { copyInPieces } from '../turn.ts';
import { Deriver, type DeriverOptions } from './deriver.ts';
import type { DeriveJob } from './job.ts';
import { closeLater, closeWorld, packumentOf } from './world.contract.ts';

afterEach(closeWorld);

function open(options: DeriverOptions = {}): Deriver {
  const deriver = new Deriver(options);
  closeLater(() => deriver.close());
  return deriver;
}

function jobOf(text: string | Uint8Array, options: Partial<DeriveJob> = {}): DeriveJob {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const half = bytes.length >> 1;
  return {
    task: 'derive',
    name: 'left',
    remoteUrl: 'http://registry.example',
    chunks: [bytes.slice(0, half).buffer, bytes.slice(half).buffer],
    gzip: false,
    maxBytes: 1_000_000,
    unless: null,
    full: 'if-small',
    policy: null,
    isAbbreviated: false,
    ...options,
  };
}

const packument = packumentOf('left', 'http://registry.example');
const sha256 = new Bun.CryptoHasher('sha256').update(packument).digest('hex');

/** A worker that does what it is told in place of the real one. */
function workerDoing(script: string): () => Worker {
  return () => new Worker(URL.createObjectURL(new Blob([script], { type: 'application/javascript' })));
}

/** Time that stands still until it is moved. */
function standingClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0;
  const tasks = new Set<{ atMs: number; task: () => void }>();
  return {
    now: () => nowMs,
    elapsed: () => nowMs,
    after(delayMs, task) {
      const planned = { atMs: nowMs + delayMs, task };
      tasks.add(planned);
      return () => tasks.delete(planned);
    },
    advance(ms) {
      nowMs += ms;
      for (const planned of [...tasks]) {
        if (planned.atMs <= nowMs && tasks.delete(planned)) planned.task();
      }
    },
  };
}

describe('the worker', () => {
  test('derives all documents of a package at once, with their digests', async () => {
    const derived = await open().run(jobOf(packument));
    expect(derived.sha256).toBe(sha256);
    const { abbreviated, full, index } = derived.documents!;
    for (const document of [abbreviated, full!, index]) {
      const digest = new Bun.CryptoHasher('sha256').update(document.bytes).digest('base64');
      expect(document.reprDigest).toBe(`sha-256=:${digest}:`);
    }
    expect(Buffer.from(abbreviated.bytes).toString()).toContain(
      'http://meridian.invalid/left/-/left-1.0.0.tgz',
    );
  });

  test('takes over the buffers', async () => {
    const job = jobOf(packument);
    await open().run(job, [...job.chunks]);
    expect(job.chunks.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  });

  test('unpacks gzip, and believes the bytes rather than the label', async () => {
    const deriver = open();
    const packed = await deriver.run(jobOf(Bun.gzipSync(packument), { gzip: true }));
    const unpacked = await deriver.run(jobOf(packument, { gzip: true }));
    expect(packed).toEqual(unpacked);
    expect(packed.sha256).toBe(sha256);
  });

  test('does not parse what it has seen before', async () => {
    expect(await open().run(jobOf(packument, { unless: sha256 }))).toEqual({
      sha256,
      documents: null,
      outline: null,
    });
  });

  test('makes the full form of a large document only on demand', async () => {
    const large = packument.replace('how to use it', 'x'.repeat(1024 * 1024));
    const deriver = open();
    expect((await deriver.run(jobOf(large))).documents?.full).toBeNull();
    expect((await deriver.run(jobOf(large, { full: 'yes' }))).documents?.full).not.toBeNull();
    expect((await deriver.run(jobOf(packument, { full: 'no' }))).documents?.full).toBeNull();
  });

  test('selects parts of canonical documents', async () => {
    const deriver = open();
    const chunks = await copyInPieces(new TextEncoder().encode(packument), 100);
    expect(chunks.length).toBeGreaterThan(5);
    const version = await deriver.run({ task: 'select', chunks, part: { version: 'latest' } });
    expect(JSON.parse(Buffer.from(version!.bytes).toString())).toMatchObject({ version: '1.0.0' });
    const tags = await deriver.run({ task: 'select', chunks, part: 'dist-tags' });
    expect(Buffer.from(tags!.bytes).toString()).toBe('{"latest":"1.0.0"}');
    expect(await deriver.run({ task: 'select', chunks, part: { version: '9.9.9' } })).toBeNull();
  });

  test.each([
    ['JSON that breaks off', packument.slice(0, -20), {}],
    ['another package', packument, { name: 'right' }],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}],
    ['gzip that breaks off', Bun.gzipSync(packument).slice(0, 200), { gzip: true }],
    ['gzip of much more than is allowed', Bun.gzipSync(' '.repeat(2_000_000)), { gzip: true }],
    ['more depth than can be parsed', '['.repeat(500_000), {}],
  ])('finds fault with %s, and goes on', async (_, text, options) => {
    const deriver = open();
    await expect(deriver.run(jobOf(text, options))).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect((await deriver.run(jobOf(packument))).sha256).toBe(sha256);
  });
});

describe('jobs', () => {
  const echo = `self.onmessage = ({ data: { id, job } }) => postMessage({ id, result: job.name })`;

  test('get the answers to their own questions', async () => {
    const deriver = open({ start: workerDoing(echo) });
    const names = Array.from({ length: 100 }, (_, index) => `package-${index}`);
    const results = await Promise.all(names.map((name) => deriver.run(jobOf('', { name }))));
    expect(results.map(String)).toEqual(names);
  });

  test('are refused when too many wait', async () => {
    const deriver = open({ queueLength: 2, start: workerDoing(echo) });
    const runs = [1, 2, 3, 4].map(() => deriver.run(jobOf('')));
    const settled = await Promise.allSettled(runs);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(runs[3]!).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 2 });
  });

  test('survive a worker that dies, except the one that it died of', async () => {
    const deriver = open({
      start: workerDoing(`self.onmessage = ({ data: { id, job } }) => {
        if (job.name === 'deadly') process.exit(1);
        if (job.name === 'throwing') throw new Error('thrown');
        postMessage({ id, result: job.name });
      }`),
    });
    const runs = ['a', 'deadly', 'b', 'throwing', 'c'].map((name) => deriver.run(jobOf('', { name })));
    const settled = await Promise.allSettled(runs);
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect(runs[1]!).rejects.toMatchObject({ code: 'internal' });
  });

  test('that take too long are given up along with their worker', async () => {
    const clock = standingClock();
    let workers = 0;
    const stuck = workerDoing('self.onmessage = () => { for (;;); }');
    const good = workerDoing(echo);
    const deriver = open({ clock, start: () => (workers++ === 0 ? stuck() : good()) });
    const first = deriver.run(jobOf('', { name: 'a' }));
    const second = deriver.run(jobOf('', { name: 'b' }));
    clock.advance(30_000);
    await expect(first).rejects.toMatchObject({ code: 'internal' });
    expect(String(await second)).toBe('b');
    expect(workers).toBe(2);
  });

  test('start a worker again after it was let go for want of work', async () => {
    const clock = standingClock();
    let workers = 0;
    const deriver = open({
      clock,
      start: () => {
        workers++;
        return workerDoing(echo)();
      },
    });
    await deriver.run(jobOf(''));
    clock.advance(59_000);
    await deriver.run(jobOf(''));
    expect(workers).toBe(1);
    clock.advance(60_000);
    await deriver.run(jobOf(''));
    expect(workers).toBe(2);
  });

  test('fail when the deriver closes, whether they wait or come later', async () => {
    const deriver = open();
    const runs = [deriver.run(jobOf(packument)), deriver.run(jobOf(packument))];
    deriver.close();
    for (const run of [...runs, deriver.run(jobOf(packument))]) {
      await expect(run).rejects.toMatchObject({ code: 'draining' });
    }
  });
});

test('a worker does not keep the process alive', async () => {
  const script = `
    import { Deriver } from ${JSON.stringify(`${import.meta.dir}/deriver.ts`)};
    const chunks = [new TextEncoder().encode('{"dist-tags":{}}').buffer];
    await new Deriver().run({ task: 'select', chunks, part: 'dist-tags' });
    console.log('done');
  `;
  const child = Bun.spawn([process.execPath, '--eval', script], { stdout: 'pipe', timeout: 20_000 });
  expect(await new Response(child.stdout).text()).toBe('done\n');
  expect(await child.exited).toBe(0);
});
