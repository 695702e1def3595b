import { expect, test } from 'bun:test';
import { guides } from './guides.ts';

test('Bundler is given a token by the name of the host, as it looks for it', () => {
  const bundler = guides({ route: 'rubygems', url: 'http://127.0.0.1:4873/rubygems' }).find(
    ({ id }) => id === 'bundler',
  );
  expect(bundler?.logIn[0]).toMatchObject({
    command: 'bundle config set --global 127.0.0.1 name:<token>',
  });
});
