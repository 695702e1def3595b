import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { emptyFrame, frameReader, kinds, textFrame } from './frame.ts';
import {
  fieldLine,
  type GivenHead,
  headersIn,
  headFrameBytes,
  headIn,
  interimFrame,
  interimIn,
  mostAnswerBytes,
  mostQuestionBytes,
  type Question,
  questionFrame,
  questionIn,
  roomFrame,
  roomIn,
  writeHead,
} from './message.ts';

interface Seen {
  readonly kind: number;
  readonly id: number;
  readonly body: string;
}

/** What a reader makes of these bytes, cut at these places, pieces of one body joined; `null`: nothing that it understands. */
function read(bytes: Buffer, cuts: readonly number[], mostBytes = 10_000): readonly Seen[] | null {
  const seen: Seen[] = [];
  const reader = frameReader(mostBytes, (kind, id, bytesOfIt) => {
    const body = bytesOfIt.toString('latin1');
    const last = seen.at(-1);
    if (kind === kinds.piece && last?.kind === kinds.piece && last.id === id)
      seen.splice(-1, 1, { kind, id, body: last.body + body });
    else seen.push({ kind, id, body });
    return true;
  });
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let at = 1; at < places.length; at++) {
    const chunk = Buffer.from(bytes.subarray(places[at - 1], places[at]));
    if (!reader(chunk)) return null;
  }
  return seen;
}

const frame = fc.record({
  kind: fc.oneof(fc.constant<number>(kinds.piece), fc.integer({ min: 0, max: 255 })),
  id: fc.integer({ min: 0, max: 0xff_ff_ff_ff }),
  body: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
});

/** An empty piece says nothing, and those of one body that follow each other are as one. */
function asRead(frames: readonly Seen[]): readonly Seen[] {
  const all: Seen[] = [];
  for (const one of frames) {
    const last = all.at(-1);
    if (one.kind !== kinds.piece) all.push(one);
    else if (one.body === '') continue;
    else if (last?.kind === kinds.piece && last.id === one.id)
      all.splice(-1, 1, { ...one, body: last.body + one.body });
    else all.push(one);
  }
  return all;
}

function bytesOf({ kind, id, body }: Seen): Buffer {
  const bytes = emptyFrame(kind, id, body.length);
  bytes.write(body, bytes.length - body.length, 'latin1');
  return bytes;
}

describe('frames', () => {
  test('are read as they were written, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(5_000)), (frames, cuts) => {
        expect(read(Buffer.concat(frames.map(bytesOf)), cuts)).toEqual(asRead(frames));
      }),
    );
  });

  test('may come byte by byte, or cut in two at any byte', () => {
    const frames = [
      { kind: 2, id: 7, body: 'one' },
      { kind: 4, id: 0xff_ff_ff_ff, body: '' },
      { kind: 3, id: 0, body: 'x'.repeat(300) },
      { kind: kinds.piece, id: 3, body: 'y'.repeat(300) },
      { kind: 3, id: 0, body: 'z' },
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

  test('of a body are given on as they come, and nothing else before it is whole', () => {
    const came: string[] = [];
    const reader = frameReader(10_000, (kind, _, body) => came.push(`${kind} ${body}`) > 0);
    const piece = bytesOf({ kind: kinds.piece, id: 1, body: 'abcdef' });
    expect(reader(piece.subarray(0, -4))).toBe(true);
    expect(came).toEqual([`${kinds.piece} ab`]);
    expect(
      reader(Buffer.concat([piece.subarray(-4), textFrame(kinds.interim, 1, 'x').subarray(0, -1)])),
    ).toBe(true);
    expect(came).toEqual([`${kinds.piece} ab`, `${kinds.piece} cdef`]);
  });

  test('that are longer than they may be, or too short to be any, are none', () => {
    expect(read(bytesOf({ kind: 1, id: 1, body: 'x'.repeat(95) }), [], 100)).toHaveLength(1);
    expect(read(bytesOf({ kind: 1, id: 1, body: 'x'.repeat(96) }), [], 100)).toBeNull();
    // Before anything of it is kept.
    expect(read(Buffer.from([0xff, 0xff, 0xff, 0x7f, 1, 1, 1, 1, 1]), [])).toBeNull();
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
  const understood = frameReader(mostBytes, (kind, id, body) => bodies.push({ kind, id, body }) > 0)(bytes);
  expect([understood, bodies.length]).toEqual([true, 1]);
  return bodies[0]!;
}

describe('a question', () => {
  test('arrives as it was asked', () => {
    const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 20 });
    fc.assert(
      fc.property(line, line, line, fc.boolean(), fields, (target, base, client, memoryOnly, given) => {
        const text = given.map(([each, its]) => fieldLine(each, its)).join('');
        const about = { method: 'GET', target, base, client, id: 'a-1', memoryOnly };
        const asked = questionFrame(9, { ...about, fields: text })!;
        const { headers, ...heard } = questionIn(bodyOf(asked, mostQuestionBytes).body) as Question;
        expect(heard).toEqual(about);
        expect([...headers].sort()).toEqual([...new Headers(given)].sort());
      }),
    );
  });

  test('cannot be put with a line break where none belongs, or when it is too long', () => {
    const about = {
      ...{ method: 'GET', target: '/a', base: 'http://a', client: '192.0.2.1', id: 'a-1' },
      ...{ memoryOnly: false, fields: '' },
    };
    for (const part of ['target', 'base', 'client', 'id']) {
      expect(questionFrame(1, { ...about, [part]: '/a\nauthorization' })).toBeNull();
    }
    expect(questionFrame(1, { ...about, fields: fieldLine('a', 'x'.repeat(mostQuestionBytes)) })).toBeNull();
  });

  test('is not made of anything else', () => {
    const about = (method: string, from: string) => `${method}\n/a\nhttp://a\n\na-1\n${from}`;
    expect(questionIn(Buffer.from(about('GET', 'any')))).not.toBeNull();
    for (const text of [
      '',
      'GET',
      about('PUT', 'any'),
      about('GET', 'all'),
      `${about('GET', 'any')}\nna me\nx`,
    ]) {
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

describe('the head of an answer', () => {
  const given: fc.Arbitrary<GivenHead> = fc.record({
    as: fc.constantFrom('hit', 'whole', 'stream'),
    status: fc.integer({ min: 200, max: 599 }),
    timing: fc.string({ unit: 'binary-ascii', maxLength: 50 }),
    head: fc
      .array(fc.tuple(name, value))
      .map((fields) => Buffer.from(fields.map((field) => fieldLine(...field)).join(''))),
    sizeBytes: fc.option(fc.nat()),
  });
  const framed = (id: number, head: GivenHead) => {
    const frame = Buffer.alloc(headFrameBytes(head) + 10);
    const end = writeHead(frame, 10, id, head);
    expect(end).toBe(frame.length);
    return frame.subarray(10);
  };

  test('arrives as it was given', () => {
    fc.assert(
      fc.property(given, (head) => {
        const { kind, id, body } = bodyOf(framed(77, head), mostAnswerBytes);
        expect([id, kind]).toEqual([77, kinds[head.as]]);
        const got = headIn(head.as, body);
        expect(got).toEqual({ ...head, head: Buffer.from(head.head).toString() });
        expect(headersIn(got!.head.split('\n'), 1)).not.toBeNull();
      }),
    );
  });

  test('is not made of anything else', () => {
    const head = { ...{ status: 200, timing: 'a', sizeBytes: 3 }, as: 'hit', head: Buffer.from('') } as const;
    const { body } = bodyOf(framed(1, head), mostAnswerBytes);
    for (let end = 0; end < body.length; end++) expect(headIn('hit', body.subarray(0, end))).toBeNull();
    for (const size of [-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const wrong = Buffer.from(body);
      wrong.writeDoubleLE(size, 4);
      expect(headIn('hit', wrong)).toBeNull();
    }
  });
});

test('what comes before an answer arrives as it was said', () => {
  const { body } = bodyOf(interimFrame(1, 103, new Headers({ link: '</a>' }))!, mostAnswerBytes);
  const { status, headers } = interimIn(body)!;
  expect([status, headers.get('link')]).toEqual([103, '</a>']);
  for (const none of ['', '200', '103\nname', 'x\na\nb']) expect(interimIn(Buffer.from(none))).toBeNull();
  expect(roomIn(bodyOf(roomFrame(1, 70_000), 100).body)).toBe(70_000);
  expect(roomIn(Buffer.alloc(3))).toBeNull();
});
