import { expect, test } from 'bun:test';
import { errors, MeridianError } from './errors.ts';

test('an explanation is whole sentences, whether the detail ends with a full stop or not', () => {
  const { advice } = errors['not-found'];
  for (const detail of ['There is none', 'There is none.'])
    expect(new MeridianError('not-found', detail).explanation).toBe(`There is none. ${advice}`);
});

test('an explanation goes on after a question', () => {
  const { explanation } = new MeridianError('request-malformed', 'lrh is no node. Did you mean lhr?');
  expect(explanation).toStartWith('lrh is no node. Did you mean lhr? The request ');
});
