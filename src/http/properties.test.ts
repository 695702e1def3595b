/**
 * What must hold for any input whatever: nothing throws, and what a codec makes of a field is what a naive
 * model makes of it.
 *
 * 1,000 runs of each by default; `MERIDIAN_RUNS=100000 bun test src/http/properties` for more.
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { parseItem } from 'structured-headers';
import { prefers } from './accept.ts';
import { type CacheControl, parseCacheControl } from './cache-control.ts';
import { formatCacheStatus, parseCacheStatus } from './cache-status.ts';
import { passesThrough } from './cdn-loop.ts';
import { canonicalAddress } from './cidr.ts';
import { formatHttpDate, parseHttpDate } from './date.ts';
import { fromIntegrity, fromShasum, parseReprDigest } from './digest.ts';
import { acceptedCodings, chooseEncoding, codings } from './encoding.ts';
import { listMatches, parseEntityTag, weakMatch } from './etag.ts';
import { endToEnd, hopByHop } from './fields.ts';
import { clientFrom, trustedProxies } from './forwarded.ts';
import { validAuthority } from './host.ts';
import { parseNoVarySearch } from './no-vary-search.ts';
import { evaluate, ifRangeHolds } from './precondition.ts';
import { contentRange, multipart, parseContentRange, parseRange, type Range } from './range.ts';
import { parseServerTiming } from './server-timing.ts';
import { argument, quoted, split } from './syntax.ts';
import { cachingPolicy } from './targeted.ts';
import { parseTraceparent } from './trace-context.ts';
import { normaliseSelecting, selects, varyNames } from './vary.ts';

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

test('nothing throws, whatever it is given', () => {
  const trusted = (['forwarded', 'x-forwarded-for'] as const).map((field) =>
    trustedProxies(['10.0.0.0/8'], field),
  );
  const codecs: ((text: string) => unknown)[] = [
    parseCacheControl,
    parseHttpDate,
    parseEntityTag,
    (text) => listMatches(text, '"a"', weakMatch),
    (text) => parseRange(text, 10),
    (text) => parseRange(`bytes=${text}`, 10),
    parseContentRange,
    varyNames,
    (text) => cachingPolicy(new Headers({ 'cdn-cache-control': text.replace(/[^ -~]/g, '') })),
    (text) => parseNoVarySearch(text)?.(text),
    (text) => parseNoVarySearch('params=("a"), key-order')?.(text),
    (text) => normaliseSelecting('accept-language', text),
    (text) => normaliseSelecting('accept-encoding', text),
    (text) => normaliseSelecting('x', text),
    (text) => chooseEncoding(text, codings),
    (text) => prefers(text, ['application/json', text]),
    parseCacheStatus,
    (text) => formatCacheStatus({ cache: text, fwd: text, key: text, detail: text }),
    parseServerTiming,
    fromIntegrity,
    fromShasum,
    parseReprDigest,
    (text) => passesThrough(text, 'a'),
    parseTraceparent,
    validAuthority,
    canonicalAddress,
    (text) => ifRangeHolds(text, '"a"', 0, 1000),
    (text) => trusted.map((proxies) => clientFrom(pretend(text), '10.0.0.1', proxies)),
    (text) => evaluate({ method: 'GET', headers: pretend(text), etag: text, lastModifiedMs: 0 }),
  ];
  holds([fieldText], (text) => {
    for (const codec of codecs) codec(text);
  });
});

/** Fields that all have this value, also one that `Headers` would refuse. */
function pretend(value: string): Headers {
  return Object.assign(new Headers(), { get: () => value });
}

describe('syntax', () => {
  test('a quoted string is read as it was meant, here and by others', () => {
    holds([fc.string({ unit: 'grapheme-ascii' })], (text) => {
      expect(argument(quoted(text))).toBe(text);
      expect(parseItem(quoted(text))[0]).toBe(text);
    });
  });

  test('a list is split into its members', () => {
    const member = fc.oneof(token, fc.string({ unit: 'grapheme-ascii' }).map(quoted));
    holds([fc.array(member)], (members) => {
      expect(split(members.join(' ,\t'), ',')).toEqual(members);
    });
  });
});

describe('dates', () => {
  const second = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });

  test('are read as they were written', () => {
    holds([second, fc.integer({ min: 0, max: 999 })], (seconds, fraction) => {
      expect(parseHttpDate(formatHttpDate(seconds * 1000 + fraction))).toBe(seconds * 1000);
    });
  });

  test('are read in the obsolete forms', () => {
    const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
    holds([second], (seconds) => {
      const ms = seconds * 1000;
      const [, day = '', month = '', year = '', time = ''] = formatHttpDate(ms).split(' ');
      const name = days[new Date(ms).getUTCDay()] ?? '';
      expect(parseHttpDate(`${name.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`)).toBe(
        ms,
      );
      // Half a century on either side of now there is but one date that it can be.
      const nowMs = Math.min(Math.max(ms, -62_000_000_000_000), 251_000_000_000_000);
      if (nowMs === ms)
        expect(parseHttpDate(`${name}, ${day}-${month}-${year.slice(2)} ${time} GMT`, nowMs)).toBe(ms);
    });
  });
});

describe('Cache-Control', () => {
  const argumentText = fc.oneof(
    fc.nat().map(String),
    fc.nat().map((n) => `"${n}"`),
    token,
    fc.constant('"a, b"'),
  );
  const names = Object.keys(parseCacheControl(null)).map((name) =>
    name.replace(/[A-Z]/g, '-$&').toLowerCase(),
  );
  const directive = fc
    .tuple(fc.constantFrom(...names, 's-maxage', 'other'), fc.option(argumentText))
    .map(([name, value]) => (value === null ? name : `${name}=${value}`));
  const directives = fc.array(directive, { maxLength: 6 });

  /** Field names have no order. */
  const said = (members: string[]) => {
    const control = parseCacheControl(members.join(', '));
    const sorted = (names: CacheControl['private']) =>
      typeof names === 'boolean' ? names : [...names].sort();
    return { ...control, noCache: sorted(control.noCache), private: sorted(control.private) };
  };

  test('means the same in any order', () => {
    holds(
      [
        directives.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
      ],
      ([list, other]) => {
        expect(said(other)).toEqual(said(list));
      },
    );
  });

  test('never makes a cache less careful by repeating a directive', () => {
    holds([directives, argumentText], (list, value) => {
      const before = said([...list, 'max-age=100']);
      const after = said([...list, 'max-age=100', `max-age=${value}`, `private=${value}`, 'no-store']);
      expect(after.maxAge).toBeLessThanOrEqual(before.maxAge ?? 0);
      expect(after.noStore).toBe(true);
      expect(after.private).not.toBe(false);
      if (before.private === true) expect(after.private).toBe(true);
    });
  });
});

describe('ranges', () => {
  const number = fc.integer({ min: 0, max: 24 });
  // Short ones mostly: long ones would swallow the others.
  const spec = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(number, fc.nat(2)).map(([first, more]) => `${first}-${first + more}`) },
    { weight: 1, arbitrary: fc.tuple(number, number).map(([first, more]) => `${first}-${first + more}`) },
    { weight: 1, arbitrary: number.map((first) => `${first}-`) },
    { weight: 1, arbitrary: fc.nat(4).map((length) => `-${length}`) },
  );

  /** The bytes that a specification asks for. */
  function asked(text: string, size: number): number[] {
    const [first = '', last = ''] = text.split('-');
    const all = Array.from({ length: size }, (_, i) => i);
    if (first === '') return Number(last) === 0 ? [] : all.slice(-Number(last));
    return all.filter((i) => i >= Number(first) && (last === '' || i <= Number(last)));
  }

  const covers = ({ start, end }: Range, byte: number) => byte >= start && byte <= end;

  test('are the bytes asked for, each once, in the order asked for', () => {
    holds(
      [fc.array(spec, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 20 })],
      (specs, size) => {
        const ranges = parseRange(`bytes=${specs.join(', ')}`, size);
        const wanted = specs.map((text) => asked(text, size)).filter((list) => list.length > 0);
        if (wanted.length === 0) {
          expect(ranges).toBe('unsatisfiable');
          return;
        }
        if (typeof ranges === 'string') throw new Error(`${specs} of ${size} is ${ranges}`);
        const bytesOf = ({ start, end }: Range) =>
          Array.from({ length: end - start + 1 }, (_, i) => start + i);
        const delivered = ranges.flatMap(bytesOf);
        expect([...delivered].sort((a, b) => a - b)).toEqual(
          [...new Set(wanted.flat())].sort((a, b) => a - b),
        );
        // Neighbours would have been joined.
        const edges = ranges.flatMap(({ start, end }) => [start, end + 1]);
        expect(new Set(edges).size).toBe(edges.length);
        const order = wanted.map((list) => ranges.findIndex((range) => covers(range, list[0] ?? -1)));
        expect([...new Set(order)]).toEqual(ranges.map((_, i) => i));
      },
    );
  });

  test('are told as they are read', () => {
    holds([fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat()], (a, b, c) => {
      const [start = 0, end = 0, last = 0] = [a, b, c].sort((x, y) => x - y);
      const size = Math.min(last, Number.MAX_SAFE_INTEGER - 1) + 1;
      if (end < size)
        expect(parseContentRange(contentRange({ start, end }, size))).toEqual({
          range: { start, end },
          size,
        });
    });
  });

  test('come in a body of the length announced', () => {
    holds(
      [fc.array(fc.tuple(number, number), { minLength: 1 }), fc.string({ unit: 'grapheme-ascii' })],
      (pairs, type) => {
        const ranges = pairs.map(([start, more]) => ({ start, end: start + more }));
        const { heads, tail, sizeBytes } = multipart(ranges, 100, type);
        const body = ranges.map(({ start, end }, i) => (heads[i]?.length ?? 0) + end - start + 1);
        expect(sizeBytes).toBe(body.reduce((sum, length) => sum + length, tail.length));
      },
    );
  });
});

describe('entity tags', () => {
  const tag = fc
    .tuple(fc.boolean(), fc.stringMatching(/^[!#-~]{0,3}$/))
    .map(([weak, text]) => `${weak ? 'W/' : ''}"${text}"`);

  test('match a list that has them', () => {
    holds([fc.array(tag), tag], (list, one) => {
      const expected = list.some((other) => weakMatch(other, one));
      expect(listMatches(list.join(', '), one, weakMatch)).toBe(expected);
      const headers = new Headers({ 'if-none-match': list.join(',') });
      const verdict = evaluate({ method: 'GET', headers, etag: one, lastModifiedMs: null });
      expect(verdict).toBe(expected ? 'not-modified' : 'proceed');
    });
  });
});

describe('fields', () => {
  const fields = fc.array(fc.tuple(fc.oneof(token, fc.constantFrom('set-cookie', ...hopByHop)), token));

  test('of a connection do not go further', () => {
    holds([fields, fc.array(token)], (list, named) => {
      const result = endToEnd(new Headers([...list, ['connection', named.join(', ')]]));
      for (const name of [...hopByHop, ...named]) expect(result.has(name)).toBe(false);
      expect([...endToEnd(result)]).toEqual([...result]);
      const cookies = list.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
      if (!named.includes('set-cookie')) expect(result.getSetCookie()).toEqual(cookies);
    });
  });
});

describe('variants', () => {
  const request = fc.dictionary(
    fc.constantFrom('a', 'b', 'accept-encoding', 'cookie'),
    fieldText.filter(fits),
  );

  test('are selected by the request that they were stored for', () => {
    holds([request, request], (one, other) => {
      const [headers, others] = [new Headers(one), new Headers(other)];
      const stored = ['a', 'accept-encoding', 'b', 'cookie'].map(
        (name) => [name, normaliseSelecting(name, headers.get(name))] as const,
      );
      expect(selects(stored, headers)).toBe(true);
      const same = stored.every(([name, value]) => normaliseSelecting(name, others.get(name)) === value);
      expect(selects(stored, others)).toBe(same);
    });
  });

  test('are compared by a form that is its own', () => {
    holds([fieldText.filter(fits)], (text) => {
      const normal = normaliseSelecting('x', text);
      expect(normaliseSelecting('x', normal)).toBe(normal);
      if (normal !== '') expect(normaliseSelecting('x', new Headers({ x: normal }).get('x'))).toBe(normal);
    });
  });

  test('depend on the same fields in any order', () => {
    holds([fc.array(token)], (names) => {
      expect(varyNames([...names].reverse().join(','))).toEqual(varyNames(names.join(' , ').toUpperCase()));
    });
  });
});

/** Whether `Headers` takes it. */
function fits(text: string): boolean {
  return /^[\t -~\x80-\xff]*$/.test(text);
}

test('a query that was reduced is not reduced any further', () => {
  const rule = fc.constantFrom(
    'key-order',
    'params=("a")',
    'params, except=("b")',
    'key-order, params=("b")',
  );
  holds([rule, fc.webQueryParameters()], (field, query) => {
    const reduce = parseNoVarySearch(field);
    const once = reduce?.(`?${query}`) ?? '';
    expect(reduce?.(`?${once}`)).toBe(once);
  });
});

test('Accept-Language means the same in any order of its members', () => {
  const range = fc
    .tuple(token, fc.constantFrom('', ';q=0.5', ';q=0.25', ';q=1'))
    .map((parts) => parts.join(''));
  const ranges = fc.uniqueArray(range, {
    selector: (text) => text.split(';')[0],
    minLength: 1,
    maxLength: 5,
  });
  holds([ranges], (members) => {
    const normalised = (list: string[]) => normaliseSelecting('accept-language', list.join(', '));
    expect(normalised(members.toReversed())).toBe(normalised(members));
  });
});

describe('negotiation', () => {
  const weight = fc.integer({ min: 0, max: 1000 });
  const preferences = fc.dictionary(
    fc.constantFrom('zstd', 'br', 'gzip', 'identity', '*', 'deflate'),
    weight,
  );

  test('gives a coding that nothing on offer is preferred to', () => {
    holds([preferences, fc.shuffledSubarray([...codings])], (weights, offered) => {
      const text = Object.entries(weights).map(
        ([name, q]) => `${name};q=${q === 1000 ? 1 : `0.${String(q).padStart(3, '0')}`}`,
      );
      const accepted = acceptedCodings(text.join(', '));
      for (const coding of codings) {
        const expected = weights[coding] ?? weights['*'] ?? (coding === 'identity' ? 1 / 1000 : 0);
        expect(accepted[coding]).toBe(expected);
      }
      const best = Math.max(0, ...offered.map((coding) => accepted[coding]));
      expect(chooseEncoding(text.join(','), offered)).toBe(
        best === 0 ? undefined : offered.find((coding) => accepted[coding] === best),
      );
    });
  });

  test('of media types does not depend on the order of the ranges', () => {
    const ranges = ['*/*', 'text/*', 'text/html', 'text/html;level=1', 'application/json'];
    const offers = ['text/html', 'text/html;level=1', 'text/plain', 'application/json', 'image/png'];
    const accept = fc.dictionary(
      fc.constantFrom(...ranges),
      weight.map((q) => (q / 1000).toFixed(3)),
    );
    holds([accept, fc.shuffledSubarray(offers)], (weights, offered) => {
      const members = Object.entries(weights).map(([range, q]) => `${range};q=${q}`);
      expect(prefers(members.join(), offered)).toBe(prefers(members.reverse().join(), offered));
    });
  });
});
