import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { sharedField } from './shared-field.ts';

test('is the field that was given', () => {
  const name = fc.stringMatching(/^[a-z-]{1,20}$/);
  fc.assert(
    fc.property(name, fc.string(), (name, value) => expect(sharedField(name, value)).toEqual([name, value])),
  );
});

test('is the same object for the same field', () => {
  const given = ['server', 'nginx'].map((text) => Buffer.from(text).toString()) as [string, string];
  expect(sharedField(...given)).toBe(sharedField('server', 'nginx'));
  expect(sharedField('server', 'apache')).not.toBe(sharedField('server', 'nginx'));
});
