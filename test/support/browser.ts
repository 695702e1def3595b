/**
 * The machine's own Chromium, without a screen, driven over the DevTools protocol. Its profile is in a temporary folder, and it
 * asks nobody but what the pages name.
 */
import { type Browser, launch } from 'puppeteer-core';
import { temporary } from './temporary.ts';

const program = Bun.which('chromium') ?? Bun.which('chromium-browser') ?? Bun.which('google-chrome');

/** Why there is no browser, or `null`: `describe.skipIf(!available('a browser', browserProblem))`. */
export const browserProblem: string | null = program === null ? 'chromium is not installed' : null;

export interface OwnBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

export interface BrowserOptions {
  /** More of Chromium's own command line, as `--host-resolver-rules=MAP pop.example 127.0.0.1`. */
  readonly args?: readonly string[];
}

/** `await using chromium = await launchBrowser();` */
export async function launchBrowser({ args = [] }: BrowserOptions = {}): Promise<OwnBrowser> {
  if (program === null) throw new Error('chromium is not installed');
  const profile = temporary('browser');
  try {
    const browser = await launch({
      executablePath: program,
      userDataDir: profile.path,
      acceptInsecureCerts: true, // nodes under test sign their own
      args: [...quiet, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...args],
    });
    return {
      browser,
      async [Symbol.asyncDispose]() {
        await browser.close().finally(() => profile[Symbol.dispose]());
      },
    };
  } catch (error) {
    profile[Symbol.dispose]();
    throw error;
  }
}

/** No requests of the browser's own, no graphics processor, and no shared memory, of which containers have little. */
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--no-first-run',
  '--no-proxy-server',
];
