import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { reference } from './reference.ts';

const page = join(import.meta.dir, '../../docs/reference/config.md');

test('the reference page is up to date (`npm run -s meridian reference > docs/reference/config.md`)', async () => {
  expect(await Bun.file(page).text()).toBe(reference());
});

test('it has every parameter with its type, default and meaning', () => {
  const text = reference();
  expect(text).toContain(
    '| `connectMs` | duration in ms, at least 1 | `3500` | For a connection to a parent or upstream. |',
  );
  expect(text).toContain('| `port` | number from 0 to 65535 | **required** |');
  expect(text).not.toContain('undefined');
});
