import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { bodyShape, unknownField } from './body.ts';
import { endpoints } from './endpoints.ts';
import { openApi } from './openapi.ts';

const thing = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.object({ text: z.string().optional() })).optional(),
  parts: z.array(z.object({ name: z.string().prefault('part') })).optional(),
  of: z
    .union([
      z.discriminatedUnion('by', [
        z.object({ by: z.literal('key'), key: z.string() }),
        z.object({ by: z.literal('tag'), tag: z.string() }),
      ]),
      z.object({ by: z.literal('url'), url: z.string() }),
    ])
    .optional(),
});

describe('a body', () => {
  test.each(
    [
      { name: 'a' },
      { name: 'a', labels: { anything: {} }, parts: [{}], of: { by: 'url', url: '/' } },
      // What is wrong with these, the type says.
      { name: 7 },
      [],
      'text',
      { name: 'a', of: { by: 'nothing', key: 'k' } },
    ].map((body) => ({ body })),
  )('with no field that is not known: $body', ({ body }) => expect(unknownField(thing, body)).toBeNull());

  test.each([
    [
      { nmae: 'a' },
      'nmae: expected one of name, labels, parts, of, found an unknown field. Did you mean name?',
    ],
    [{ name: 'a', parts: [{}, { size: 1 }] }, 'parts.1.size: expected one of name, found an unknown field'],
    [
      { name: 'a', labels: { x: { txt: '' } } },
      'labels.x.txt: expected one of text, found an unknown field. Did you mean text?',
    ],
    [
      { name: 'a', of: { by: 'tag', tga: 't' } },
      'of.tga: expected one of by, tag, found an unknown field. Did you mean tag?',
    ],
    [{ name: 'a', toString: 1 }, 'toString: expected one of name, labels, parts, of, found an unknown field'],
  ])('with one that is not: %j', (body, why) => expect(unknownField(thing, body)).toBe(why));

  test('may have a long name, and not all of it is told back', () =>
    expect(unknownField(thing, { ['x'.repeat(5000)]: 1 })?.length).toBeLessThan(200));
});

test('every endpoint that people use names all that it takes, and its description says so', () => {
  const taking = endpoints.filter(({ audience, input }) => audience !== 'node' && input !== null);
  expect(taking.length).toBeGreaterThan(8);
  for (const { input } of taking) {
    const found = input && unknownField(input, { 'no-such-field': 1 });
    // Of one whose kinds are told by a word, that word comes first.
    const isOfKinds = input !== null && 'oneOf' in bodyShape(input);
    if (isOfKinds) expect(found).toBeNull();
    else expect(found).toStartWith('no-such-field: ');
  }
  expect(JSON.stringify(openApi(taking, ''))).toContain('"additionalProperties":false');
});
