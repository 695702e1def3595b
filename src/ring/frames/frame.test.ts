import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { emptyFrame, frameReader, kinds, textFrame } from './frame.ts';
import {
  answerFrame,
  answerIn,
  fieldLine,
  type GivenHit,
  type Got,
  headersIn,
  mostAnswerBytes,
  mostQuestionBytes,
  type Question,
  questionFrame,
  questionIn,
} from './message.ts';

interface Seen {
  readonly kind: number;
  readonly id: number;
  readonly body: string;
}

/** What a reader makes of these bytes, cut at these places; `null`: nothing that it understands. */
function read(bytes: Buffer, cuts: readonly number[], mostBytes = 10_000): readonly Seen[] | null {
  const seen: Seen[] = [];
  const reader = frameReader(mostBytes, (kind, id, body) =>
    seen.push({ kind, id, body: body.toString('latin1') }),
  );
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let at = 1; at < places.length; at++) {
    const chunk = Buffer.from(bytes.subarray(places[at - 1], places[at]));
    if (!reader(chunk)) return null;
    chunk.fill(0xee); // what a socket has given belongs to it again
  }
  return seen;
}

const frame = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 0, max: 0xff_ff_ff_ff }),
  body: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
});

function bytesOf({ kind, id, body }: Seen): Buffer {
  const bytes = emptyFrame(kind, id, body.length);
  bytes.write(body, bytes.length - body.length, 'latin1');
  return bytes;
}

describe('frames', () => {
  test('are read as they were written, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(5_000)), (frames, cuts) => {
        expect(read(Buffer.concat(frames.map(bytesOf)), cuts)).toEqual(frames);
      }),
    );
  });

  test('may come byte by byte, or cut in two at any byte', () => {
    const frames = [
      { kind: 2, id: 7, body: 'one' },
      { kind: 4, id: 0xff_ff_ff_ff, body: '' },
      { kind: 3, id: 0, body: 'x'.repeat(300) },
    ];
    const bytes = Buffer.concat(frames.map(bytesOf));
    expect(
      read(
        bytes,
        Array.from(bytes, (_, at) => at),
      ),
    ).toEqual(frames);
    for (let cut = 0; cut <= bytes.length; cut++) expect(read(bytes, [cut])).toEqual(frames);
  });

  test('that are longer than they may be, or too short to be any, are none', () => {
    expect(read(bytesOf({ kind: 1, id: 1, body: 'x'.repeat(95) }), [], 100)).toHaveLength(1);
    expect(read(bytesOf({ kind: 1, id: 1, body: 'x'.repeat(96) }), [], 100)).toBeNull();
    // Before anything of it is kept.
    expect(read(Buffer.from([0xff, 0xff, 0xff, 0x7f]), [])).toBeNull();
    for (const length of [0, 4]) expect(read(Buffer.from([length, 0, 0, 0, 1, 1, 1, 1, 1]), [])).toBeNull();
  });
});

const value = fc
  .string({
    unit: fc
      .integer({ min: 0x21, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
  })
  .map((text) => text.trim());
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const line = fc.string().filter((text) => text !== '' && !text.includes('\n') && text.isWellFormed());

/** The body of the only frame. */
function bodyOf(
  bytes: Buffer,
  mostBytes: number,
): { readonly kind: number; readonly id: number; readonly body: Buffer } {
  const bodies: { kind: number; id: number; body: Buffer }[] = [];
  const understood = frameReader(mostBytes, (kind, id, body) =>
    bodies.push({ kind, id, body: Buffer.from(body) }),
  )(bytes);
  expect([understood, bodies.length]).toEqual([true, 1]);
  return bodies[0]!;
}

describe('a question', () => {
  test('arrives as it was asked', () => {
    const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 20 });
    fc.assert(
      fc.property(line, line, line, line, fields, (target, base, client, id, given) => {
        const text = given.map(([each, its]) => fieldLine(each, its)).join('');
        const asked = questionFrame(9, { target, base, client, id, fields: text })!;
        const { headers, ...about } = questionIn(bodyOf(asked, mostQuestionBytes).body) as Question;
        expect(about).toEqual({ target, base, client, id });
        expect([...headers].sort()).toEqual([...new Headers(given)].sort());
      }),
    );
  });

  test('cannot be put with a line break where none belongs, or when it is too long', () => {
    const about = { target: '/a', base: 'http://a', client: '192.0.2.1', id: 'a-1', fields: '' };
    for (const part of ['target', 'base', 'client', 'id']) {
      expect(questionFrame(1, { ...about, [part]: '/a\nauthorization' })).toBeNull();
    }
    expect(questionFrame(1, { ...about, fields: fieldLine('a', 'x'.repeat(mostQuestionBytes)) })).toBeNull();
  });

  test('is not made of anything else', () => {
    for (const text of ['', '/a', '/a\nhttp://a\n192.0.2.1\na-1\nname', '/a\nhttp://a\n\na-1\nna me\nx']) {
      expect(questionIn(Buffer.from(text))).toBeNull();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const question = questionIn(Buffer.from(bytes));
        expect(question === null || question.target.length > 0).toBe(true);
      }),
    );
  });
});

describe('an answer', () => {
  const given: fc.Arbitrary<GivenHit> = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    timing: fc.string({ unit: 'binary-ascii', maxLength: 50 }),
    head: fc
      .array(fc.tuple(name, value))
      .map((fields) => Buffer.from(fields.map((field) => fieldLine(...field)).join(''))),
    body: fc.uint8Array({ maxLength: 1000 }),
  });

  test('arrives as it was given', async () => {
    await fc.assert(
      fc.asyncProperty(given, async (hit) => {
        const { kind, id, body } = bodyOf(answerFrame(77, hit), mostAnswerBytes);
        const got = answerIn(kind, body);
        body.fill(0); // nothing of it is lent
        if (got === null || typeof got === 'string') throw new Error(`a hit became ${got}`);
        expect([id, got.status, got.timing, got.head]).toEqual([
          77,
          hit.status,
          hit.timing,
          Buffer.from(hit.head).toString(),
        ]);
        expect(await got.body.bytes()).toEqual(Uint8Array.from(hit.body));
        expect(headersIn(got.head.split('\n'), 1)).not.toBeNull();
      }),
    );
  });

  test('may be that there is none', () => {
    for (const none of ['absent', 'long', 'otherwise'] as const satisfies readonly Got[]) {
      const { kind, body } = bodyOf(answerFrame(1, none), mostAnswerBytes);
      expect(answerIn(kind, body)).toBe(none);
    }
  });

  test('is not made of anything else', () => {
    const { body } = bodyOf(
      answerFrame(1, { status: 200, timing: 'a', head: Buffer.from('\na\nb'), body: Buffer.alloc(0) }),
      mostAnswerBytes,
    );
    for (let end = 0; end < body.length; end++) expect(answerIn(kinds.hit, body.subarray(0, end))).toBeNull();
    expect(answerIn(kinds.hello, body)).toBeNull();
    expect(answerIn(99, body)).toBeNull();
    expect(answerIn(kinds.hit, bodyOf(textFrame(kinds.hit, 1, '\xff'.repeat(40)), 1000).body)).toBeNull();
  });
});
