import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { browserProblem, launchBrowser } from './browser.ts';
import { available } from './needs.ts';

describe.skipIf(!available('a browser', browserProblem))('a browser for tests', () => {
  test('loads a page, runs its script, and leaves nothing behind', async () => {
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () =>
        new Response('<title>before</title><script>document.title = "after"</script>', {
          headers: { 'content-type': 'text/html' },
        }),
    });
    const left: { pid?: number | undefined } = {};
    {
      await using chromium = await launchBrowser();
      left.pid = chromium.browser.process()?.pid;
      const page = await chromium.browser.newPage();
      await page.goto(server.url.href);
      expect(await page.title()).toBe('after');
    }
    expect(left.pid).toBeGreaterThan(0);
    expect(existsSync(`/proc/${left.pid}/stat`)).toBe(false);
  }, 30_000);
});
