/**
 * A cache, its parent and its clients, to which anything may happen, and what must hold whatever happened: no byte or
 * field of another key or variant; nothing stale beyond what is allowed; what is for one only goes to one; nothing
 * purged comes back; one request to the parent at a time; and everybody gets an end.
 */
import fc from 'fast-check';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { MeridianError } from '../errors.ts';
import type { Ask } from '../parent.ts';
import type { CacheKey } from '../resource.ts';
import type { Pieces, Reply } from './answers.contract.ts';
import { type Asked, type World, world } from './world.contract.ts';

const lockMs = 3000;
/** What memory keeps: the third part of all bodies is longer. */
const objectBytes = 3000;
const [keys, variants] = [3, 2];
/** The first two keys have variants. */
const isVaried = (key: number) => key < 2;

interface Policy {
  readonly control: string;
  readonly freshS: number;
  readonly whileS?: number;
  readonly errorS?: number;
  /** Never stale, whatever else it says. */
  readonly never?: true;
  /** Only for the request that it answers. */
  readonly alone?: true;
}

const policies: readonly Policy[] = [
  { control: 'max-age=10', freshS: 10 },
  { control: 'max-age=10, stale-while-revalidate=20', freshS: 10, whileS: 20 },
  { control: 'max-age=10, stale-if-error=20', freshS: 10, errorS: 20 },
  {
    control: 'max-age=10, must-revalidate, stale-if-error=20, stale-while-revalidate=20',
    freshS: 10,
    never: true,
  },
  { control: 's-maxage=10', freshS: 10, never: true },
  { control: 's-maxage=10, stale-while-revalidate=20', freshS: 10, whileS: 20, errorS: 0 },
  { control: 'no-cache, max-age=10', freshS: 0, alone: true },
  { control: 'max-age=0', freshS: 0, alone: true },
  { control: 'private, max-age=10', freshS: 0, alone: true },
  { control: 'no-store', freshS: 0, alone: true },
];

/** When the parent said that a response holds: with the response itself, or by a 304. */
interface Word {
  readonly atMs: number;
  readonly to: string;
  readonly policy: Policy;
  /** The step in which it was asked for. */
  readonly askedIn: number;
}

interface Purged {
  readonly key: number;
  readonly step: number;
  readonly atMs: number;
  readonly by: string;
  readonly soft: boolean;
}

interface Made {
  readonly key: number;
  readonly variant: number;
  /** The step in which it was asked for. */
  readonly askedIn: number;
  readonly words: Word[];
}

interface Request {
  readonly id: string;
  readonly key: number;
  readonly variant: number;
  readonly reload: boolean;
  readonly startMs: number;
  readonly startedIn: number;
}

/** A question that has not been answered. */
interface Open {
  readonly asked: Asked;
  readonly request: Request;
  readonly step: number;
  readonly atMs: number;
  readonly isBeside: boolean;
}

/** One of which the rest is still to come. */
interface Body {
  readonly key: number;
  readonly pieces: Pieces;
  readonly rest: string;
}

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('request'),
      key: fc.nat(keys - 1),
      variant: fc.nat(variants - 1),
      reload: fc.nat(9).map((n) => n === 0),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('answer'),
      which: fc.nat(3),
      how: fc.constantFrom('whole', 'slow', 'slow', 'confirm', 'confirm', 'cut', 'broken', 'unreachable'),
      policy: fc.nat(policies.length - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('finish'),
      which: fc.nat(2),
      whole: fc.nat(4).map((n) => n > 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('wait'),
      ms: fc.constantFrom(1, 500, 2999, 3000, 5000, 9999, 12_000, 31_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('purge'),
      key: fc.nat(keys - 1),
      by: fc.constantFrom('drop', 'key', 'prefix', 'tag', 'route'),
      soft: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart') }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fail the disk') }) },
);
export type Step = Partial<{
  key: number;
  variant: number;
  reload: boolean;
  which: number;
  how: string;
  policy: number;
  whole: boolean;
  ms: number;
  by: string;
  soft: boolean;
}> & { act: string };

/** A parent that cannot be reached leaves a cache to itself, which then may use what nobody forbids it to. */
function errorS({ errorS, never }: Policy, { served }: Reply): number {
  const isDisconnected = served.forwarding?.detail === 'upstream-unreachable';
  return errorS ?? (isDisconnected && !never ? 86_400 : 0);
}

class Run {
  readonly clock = virtualClock();
  readonly folder = temporary('model');
  readonly made = new Map<string, Made>();
  readonly purges: Purged[] = [];
  readonly failures: string[] = [];
  readonly disk: boolean;
  here!: World;
  open: Open[] = [];
  bodies: Body[] = [];
  waiting = 0;
  now = 0;
  /** When the parent last gave each key an answer that nobody else may have. */
  readonly aloneMs = new Map<number, number>();
  readonly requests = new Map<string, Request>();

  constructor(disk: boolean) {
    this.disk = disk;
  }

  async start(): Promise<void> {
    this.here = await world({
      clock: this.clock,
      disk: this.disk,
      folder: this.folder,
      lockMs,
      memoryBytes: 100_000,
      memoryObjectBytes: objectBytes,
    });
  }

  async take(given: Step): Promise<void> {
    this.now++;
    const { key = 0, variant = 0, which = 0 } = given;
    if (given.act === 'request') this.request(key, variant, given.reload ?? false);
    if (given.act === 'answer') await this.answer(which, given.how ?? 'whole', given.policy ?? 0);
    if (given.act === 'finish') await this.finish(which, given.whole ?? true);
    if (given.act === 'wait') this.clock.advance(given.ms ?? 0);
    if (given.act === 'purge') this.purge(key, given.by ?? 'drop', given.soft ?? false);
    if (given.act === 'fail the disk') this.here.disk?.failed(new Error('input/output error'));
    if (given.act === 'restart') await this.restart();
    await this.here.quiet();
    this.notice();
  }

  request(key: number, variant: number, reload: boolean): void {
    const id = `r${this.requests.size}`;
    const request = { id, key, variant, reload, startMs: this.clock.now(), startedIn: this.now };
    this.requests.set(id, request);
    const headers: Record<string, string> = { 'x-id': id, 'x-variant': String(variant) };
    if (reload) headers['cache-control'] = 'no-cache';
    this.waiting++;
    this.here
      .get({ key: `web /${key}`, headers })
      .then((reply) => this.check(request, reply, this.clock.now()), this.expectFailure)
      .finally(() => this.waiting--);
  }

  expectFailure = (error: unknown): void => {
    if (!(error instanceof MeridianError) || error.code === 'internal')
      this.failures.push(`failed with ${error}`);
  };

  /** New questions to the parent, each of which needs a reason to be asked beside another one. */
  notice(): void {
    for (const asked of this.here.asked.slice(this.seen)) {
      this.seen++;
      const request = this.requests.get(asked.ask.exchange.headers.get('x-id') ?? '');
      if (!request) throw new Error('a question from nobody');
      const rivals = this.open.filter((other) => this.isRival(other, asked.ask, request));
      // One that was asked for a reason of its own is for its client alone, and nobody waits for it.
      const isBeside = this.mayAskBeside(request);
      for (const other of rivals) {
        // What a tag means is known only when its response has come.
        const isPurged = this.purges.some(
          ({ key, step, by }) => (key === request.key || by === 'tag') && step > other.step,
        );
        if (!other.isBeside && !isBeside && !isPurged) this.failures.push(`two questions for ${request.id}`);
      }
      this.open.push({ asked, request, step: this.now, atMs: this.clock.now(), isBeside });
    }
  }
  seen = 0;

  isRival(other: Open, ask: Ask, { key, variant }: Request): boolean {
    // What is being confirmed for somebody is for those as well who take any answer.
    if (other.request.key !== key || (ask.reload && !other.asked.ask.reload)) return false;
    return !isVaried(key) || other.request.variant === variant;
  }

  mayAskBeside({ key, startMs }: Request): boolean {
    const now = this.clock.now();
    return now - startMs >= lockMs || now - (this.aloneMs.get(key) ?? Number.NEGATIVE_INFINITY) <= 60_000;
  }

  async answer(which: number, how: string, policyIndex: number): Promise<void> {
    const [one] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (!one) return;
    const { asked, request } = one;
    const policy = policies[policyIndex] as Policy;
    const { key, variant } = request;
    // What may not be served stale, and took longer than it is fresh, is for one only as well.
    const isLate = this.clock.now() - one.atMs >= policy.freshS * 1000;
    if (policy.alone || (policy.never && isLate)) this.aloneMs.set(key, this.clock.now());
    const word = { atMs: this.clock.now(), to: request.id, policy, askedIn: one.step };
    if (how === 'unreachable') return asked.fail(new MeridianError('upstream-unreachable', 'down'));
    if (how === 'broken') return asked.answer('broken', {}, 503);
    const { stored } = asked.ask;
    if (how === 'confirm' && stored) {
      this.made.get(stored.etag?.slice(1, -1) ?? '')?.words.push(word);
      return asked.confirm({ 'cache-control': policy.control });
    }
    const id = `m${this.made.size}`;
    this.made.set(id, { key, variant, askedIn: one.step, words: [word] });
    const body = `${id} `.padEnd(this.made.size % 3 === 0 ? 9000 : 900, 'x');
    if (!this.hasPlaceFor(body)) this.aloneMs.set(key, this.clock.now());
    const fields = {
      'cache-control': policy.control,
      etag: `"${id}"`,
      'x-made': id,
      'cache-tag': `all, k${key}`,
      ...(isVaried(key) ? { vary: 'x-variant' } : {}),
    };
    const length = { 'content-length': String(body.length) };
    if (how === 'cut') return asked.answer(body.slice(1), { ...fields, ...length });
    if (how !== 'slow') return asked.answer(body, fields);
    const pieces = asked.stream({ ...fields, ...length });
    await pieces.push(body.slice(0, 100));
    this.bodies.push({ key, pieces, rest: body.slice(100) });
  }

  async finish(which: number, whole: boolean): Promise<void> {
    const [one] = this.bodies.splice(which % Math.max(1, this.bodies.length), 1);
    if (!one) return;
    const { key, pieces, rest } = one;
    if (whole && !this.hasPlaceFor(rest)) this.aloneMs.set(key, this.clock.now());
    await pieces.push(whole ? rest : rest.slice(1));
    await pieces.end();
  }

  /** What is too long for memory has none without a disk, nor while that is out of use. */
  hasPlaceFor(body: string): boolean {
    return body.length <= objectBytes || this.here.disk?.ready === true;
  }

  purge(key: number, by: string, soft: boolean): void {
    const { cache } = this.here;
    const name = `web /${key}` as CacheKey;
    const note = (each: number, softly: boolean) =>
      this.purges.push({ key: each, step: this.now, atMs: this.clock.now(), by, soft: softly });
    if (by === 'route') for (let each = 0; each < keys; each++) note(each, soft);
    else note(key, soft && by !== 'drop');
    if (by === 'drop') cache.drop(name);
    if (by === 'key') cache.purge({ selector: { by, key: name }, soft }, true);
    if (by === 'prefix') cache.purge({ selector: { by, prefix: name }, soft }, true);
    if (by === 'tag') cache.purge({ selector: { by, tag: `k${key}` }, soft }, true);
    if (by === 'route') cache.purge({ selector: { by, route: 'web' }, soft }, true);
  }

  /** Everything under way ends somehow, and nobody is left without an end. */
  async settle(): Promise<void> {
    const isBusy = () =>
      this.waiting + this.bodies.length + this.open.length + this.here.cache.stats.fills > 0;
    for (let round = 0; isBusy(); round++) {
      if (round > 1000) throw new Error(`${this.waiting} requests never ended`);
      await this.finish(0, true);
      await this.answer(0, 'unreachable', 0);
      await this.here.quiet();
      this.notice();
      if (this.open.length === 0 && this.bodies.length === 0) await Bun.sleep(1);
    }
  }

  async restart(): Promise<void> {
    await this.settle();
    await this.here[Symbol.asyncDispose]();
    this.seen = 0;
    await this.start();
  }

  async check(request: Request, reply: Reply, servedMs: number): Promise<void> {
    const field = reply.field('x-made');
    let text: string;
    try {
      text = await reply.text();
    } catch {
      return; // cut off: whoever reads it can tell
    }
    if (text === 'broken') return;
    // What is only passed on is as long as the parent makes it; the client of the parent notices, not the cache.
    if (reply.served.source.from === 'parent' && text.length % 100 !== 0) return;
    const id = text.split(' ', 1)[0] ?? '';
    const made = this.made.get(id);
    const complaint = made ? this.complaint(request, made, reply, servedMs) : 'is of unknown origin';
    if (complaint) this.failures.push(`${id} for ${JSON.stringify(request)} ${complaint}, ${reply.outcome}`);
    if (field !== id) this.failures.push(`${id} has the fields of ${field}`);
    if (!/^m\d+ x*$/.test(text)) this.failures.push(`${id} is mixed up`);
    if (text.length !== 900 && text.length !== 9000) this.failures.push(`${id} has ${text.length} bytes`);
  }

  complaint(request: Request, made: Made, reply: Reply, servedMs: number): string | null {
    const { outcome } = reply;
    if (made.key !== request.key) return 'is of another key';
    if (isVaried(made.key) && made.variant !== request.variant) return 'is another variant';
    const known = this.purges.filter(({ key, step }) => key === request.key && step < request.startedIn);
    if (known.some(({ soft, step }) => !soft && step > made.askedIn)) return 'was purged';
    if (made.words.some(({ to }) => to === request.id)) return null;
    const word = made.words.filter(({ atMs }) => atMs <= servedMs).at(-1);
    if (!word) return 'comes from the future';
    const { policy, atMs } = word;
    const ageS = (servedMs - atMs) / 1000;
    if (policy.alone) return 'is not for this request';
    if (request.reload && atMs < request.startMs && outcome !== 'stale-on-error') return 'was not confirmed';
    // Purged softly: stale from then on.
    const softly = known.filter(({ soft, step }) => soft && step > word.askedIn).at(-1);
    const endedS = softly && (servedMs - Math.max(softly.atMs, atMs)) / 1000;
    const staleS = Math.max(ageS - policy.freshS, endedS ?? Number.NEGATIVE_INFINITY);
    if (staleS < 0 || staleS < (policy.whileS ?? 0)) return null;
    return outcome === 'stale-on-error' && staleS < errorS(policy, reply) ? null : `is stale for ${staleS} s`;
  }
}

/** What was wrong when these steps were taken, one after the other. */
export async function play(steps: readonly Step[], disk: boolean): Promise<readonly string[]> {
  const run = new Run(disk);
  try {
    await run.start();
    for (const each of steps) await run.take(each);
    await run.settle();
    await run.here[Symbol.asyncDispose]();
    return run.failures;
  } finally {
    run.folder[Symbol.dispose]();
  }
}
