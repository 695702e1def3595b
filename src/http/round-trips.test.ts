/**
 * What must hold between those who write a field and those who read it, whatever it says: between tiers, and
 * between a client that lies and a proxy that is trusted.
 *
 * 1,000 runs of each by default; `MERIDIAN_RUNS=100000 bun test src/http/round-trips` for more.
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { formatCacheStatus, parseCacheStatus } from './cache-status.ts';
import { appendCdnLoop, passesThrough } from './cdn-loop.ts';
import { canonicalAddress, cidrSet } from './cidr.ts';
import {
  type Digest,
  formatReprDigest,
  fromIntegrity,
  fromShasum,
  parseReprDigest,
  verified,
} from './digest.ts';
import { clientFrom, trustedProxies } from './forwarded.ts';
import { validAuthority } from './host.ts';
import { parseServerTiming, timing } from './server-timing.ts';
import { childOf, formatTraceparent, newTrace, parseTraceparent } from './trace-context.ts';

const numRuns = Number(process.env['MERIDIAN_RUNS'] ?? 1000);
setDefaultTimeout(5_000 + 5 * numRuns);

function holds<Values extends [unknown, ...unknown[]]>(
  ...[values, check]: [{ [Index in keyof Values]: fc.Arbitrary<Values[Index]> }, (...values: Values) => void]
): void {
  fc.assert(fc.property(...values, check), { numRuns });
}

/** Any text a field may hold, mostly of the pieces that mean something to some grammar. */
const pieces =
  '" \\ , ; = : / - * . % [ ] 0 1 9 a A é q=0.5 W/ bytes= max-age no-store gzip for= :: \t'.split(' ');
const fieldText = fc.oneof(
  fc.array(fc.constantFrom(...pieces, ' '), { maxLength: 24 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const token = fc.stringMatching(/^[a-z][\da-z-]{0,7}$/);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('what one tier writes another one reads', () => {
  const text = fc.string({ unit: 'grapheme-ascii', minLength: 1 });
  const count = fc.integer({ min: -1e9, max: 1e9 });
  const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

  test('Cache-Status', () => {
    const truth = fc.constantFrom(true, undefined);
    const common = { cache: text, ttl: perhaps(count), key: perhaps(text), detail: perhaps(text) };
    const none = fc.constant(undefined);
    const hit = { hit: fc.constant(true), fwd: none, fwdStatus: none, stored: none, collapsed: none };
    const miss = { hit: none, fwd: token, fwdStatus: perhaps(count), stored: truth, collapsed: truth };
    const member = fc.oneof(fc.record({ ...common, ...hit }), fc.record({ ...common, ...miss }));
    holds([fc.array(member)], (members) => {
      expect(parseCacheStatus(members.map(formatCacheStatus).join(', '))).toEqual(members);
    });
  });

  test('Server-Timing', () => {
    holds([token, fc.integer({ min: 0, max: 999 }), perhaps(text)], (name, steps, description) => {
      const durationMs = steps / 100;
      expect(parseServerTiming(timing(name, durationMs, description))).toEqual([
        { name, durationMs, description },
      ]);
    });
  });

  test('Repr-Digest and integrity', () => {
    const algorithm = fc.constantFrom<[Digest['algorithm'], number]>(
      ['sha1', 20],
      ['sha256', 32],
      ['sha384', 48],
      ['sha512', 64],
    );
    const hashed = algorithm.chain(([name, length]) => fc.tuple(fc.constant(name), bytes(length)));
    holds([hashed], ([name, hash]) => {
      const digest: Digest = { algorithm: name, value: hash.toBase64() };
      expect(parseReprDigest(formatReprDigest(digest))).toEqual(digest);
      expect(fromIntegrity(`${name}-${digest.value}`)).toEqual(digest);
      expect(fromShasum(hash.toHex())).toEqual(digest);
    });
  });

  test('traceparent', () => {
    holds([bytes(16), bytes(8), fc.boolean()], (long, short, sampled) => {
      const random = (length: number) => (length === 16 ? long : short);
      const trace = newTrace(random, sampled);
      expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
      expect(childOf(trace, random)).toEqual(trace);
    });
  });

  test('CDN-Loop', () => {
    holds([fieldText, token, fc.array(token)], (before, id, after) => {
      const loop = after.reduce<string>(appendCdnLoop, appendCdnLoop(before, id));
      expect(passesThrough(loop, id)).toBe(true);
    });
  });
});

describe('a verified stream', () => {
  test('ends for the bytes promised, and fails for any others before the last of them', async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(), fc.boolean(), async (parts, at, broken) => {
        const whole = Buffer.concat(parts);
        const promised = Uint8Array.from(whole);
        if (broken) promised[at % promised.length] = (promised[at % promised.length] ?? 0) ^ 1;
        const value = new Bun.CryptoHasher('sha256').update(promised).digest('base64');
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const part of parts) controller.enqueue(part);
            controller.close();
          },
        });
        const received: Uint8Array[] = [];
        let failed = false;
        try {
          for await (const chunk of verified(body, { algorithm: 'sha256', value }, () => new Error()))
            received.push(chunk);
        } catch {
          failed = true; // what is expected of a broken body, and compared below
        }
        expect(failed).toBe(broken);
        const got = Buffer.concat(received);
        if (broken) expect(got.length).toBeLessThan(whole.length);
        else expect(got.equals(whole)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe('addresses', () => {
  const ipv4 = fc.ipV4();
  const ipv6 = fc.ipV6();

  test('have one form', () => {
    holds([fc.oneof(ipv4, ipv6)], (text) => {
      const canonical = canonicalAddress(text) ?? '';
      expect(canonical).not.toBe('');
      expect(canonicalAddress(canonical)).toBe(canonical);
    });
  });

  test('of IPv6 are written as the URL standard writes them', () => {
    holds([ipv6.filter((text) => !text.includes('.') && !canonicalAddress(text)?.includes('.'))], (text) => {
      expect(`[${canonicalAddress(text)}]`).toBe(new URL(`http://[${text}]/`).hostname);
    });
  });

  test('are in a block when they share its bits', () => {
    const bits = (groups: readonly number[]) =>
      groups.map((group) => group.toString(2).padStart(16, '0')).join('');
    const address = fc.tuple(...Array.from({ length: 8 }, () => fc.constantFrom(0, 1, 0x8000, 0xffff)));
    const text = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(':');
    holds([address, address, fc.integer({ min: 0, max: 128 })], (block, other, length) => {
      const base = bits(block).slice(0, length).padEnd(128, '0');
      const groups = Array.from({ length: 8 }, (_, i) => Number.parseInt(base.slice(16 * i, 16 * i + 16), 2));
      const both = [groups, other].map((list) => canonicalAddress(text(list))?.includes('.'));
      if (both.includes(true)) return; // IPv4 in disguise has rules of its own
      expect(cidrSet([`${text(groups)}/${length}`]).has(text(other))).toBe(
        bits(other).startsWith(base.slice(0, length)),
      );
    });
  });

  test('of a client cannot be invented further left', () => {
    const proxies = (['forwarded', 'x-forwarded-for'] as const).map((field) =>
      trustedProxies(['10.0.0.0/8'], field),
    );
    const hop = fc.tuple(fc.nat(255), fc.boolean()).map(([n, inside]) => `${inside ? '10' : '192'}.0.2.${n}`);
    const outside = fc.nat(255).map((n) => `192.0.2.${n}`);
    holds([fieldText, outside, fc.array(hop, { maxLength: 3 })], (left, client, hops) => {
      const chain = [client, ...hops];
      for (const trusted of proxies) {
        const { field } = trusted;
        const value = chain
          .map((node) => (field === 'forwarded' ? `for="${node}";proto=https` : node))
          .join(', ');
        const told = (text: string) => {
          const get = (name: string) => (name === field ? text : null);
          return clientFrom(Object.assign(new Headers(), { get }), '10.0.0.1', trusted);
        };
        expect(told(`${left}, ${value}`)).toEqual(told(value));
      }
    });
  });
});

test('two authorities are none', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
  );
  holds([host, fc.option(fc.integer({ min: 1, max: 65_535 })), fieldText], (name, port, text) => {
    const authority = port === null ? name : `${name}:${port}`;
    expect(validAuthority(authority)).toBe(true);
    expect(validAuthority(`${authority}, ${authority}`)).toBe(false);
    if (validAuthority(text)) expect(text).not.toMatch(/[\s,@/?#\\"<>]|[^!-~]/);
  });
});
