/**
 * A person at the web console, with a real browser: signs in, goes to pages, and looks whether everybody can use them. Pictures
 * of what was seen are kept under `.artefacts/console/`.
 */
import { expect } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'puppeteer-core';
import { actions } from '../../src/identity.ts';
import { tokenFor } from './access.ts';
import type { TestNetwork } from './network.ts';
import { eventually } from './wait.ts';

const pictures = join(import.meta.dir, '..', '..', '.artefacts', 'console');

export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  /** Opens a page by its path below `/console/`, and waits until its heading is there. */
  open(path: string, heading: string): Promise<void>;
  /** Waits until the page says that somewhere. */
  sees(text: string | RegExp): Promise<void>;
  /** Presses the button with this name. */
  press(name: string): Promise<void>;
  /** Fills in the field with this label. */
  fill(label: string, text: string): Promise<void>;
  /** The commands that the page names, as the words that a shell makes of them, without the first. */
  commands(): Promise<readonly (readonly string[])[]>;
  /** Waits until nothing there fits this selector. */
  gone(selector: string): Promise<void>;
  /**
   * Keeps a picture, in light, in dark and on a phone, and fails where axe finds anything serious in any of them, where the page is
   * wider than its window (on a phone as narrow as a window at a zoom of 400% is), or where something moves that was asked not to.
   */
  look(name: string): Promise<void>;
  /** What the page complained about since the beginning, the policy of its content included. */
  readonly complaints: readonly string[];
}

const sizes = {
  light: { width: 1280, height: 900, scheme: 'light', motion: 'no-preference' },
  dark: { width: 1280, height: 900, scheme: 'dark', motion: 'reduce' },
  phone: { width: 320, height: 844, scheme: 'light', motion: 'reduce' },
} as const;

/** A token of somebody who may do everything. @param origin the name of its node. */
export async function administrator(network: TestNetwork, origin = 'origin'): Promise<string> {
  const everything = { actions: [...actions], routes: ['*'], subjects: ['*'] };
  return (await tokenFor(network.node(origin), 'ada', [everything])).token;
}

/** @param admin address of an admin listener. */
export async function visit(browser: Browser, admin: string, token: string): Promise<Visitor> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport(sizes.light);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(admin).origin && origin !== 'null') complaints.push(`asks ${request.url()}`);
  });

  async function saysText(wanted: string | RegExp): Promise<boolean> {
    const text = String(await page.evaluate('document.body.innerText'));
    return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
  }

  await page.goto(`${admin}/console/`);
  await page.locator(field('Token')).fill(token);
  await page.locator(button('Sign in')).click();
  await page.waitForSelector('#main h1');

  return {
    page,
    complaints,
    async open(path, heading) {
      await page.goto(`${admin}/console/${path}`);
      await page.locator(`xpath/.//h1[normalize-space()="${heading}"]`).wait();
    },
    sees: async (wanted) => {
      await eventually(`the page to say ${wanted}`, () => saysText(wanted), { withinMs: 20_000 });
    },
    press: async (name) => page.locator(button(name)).click(),
    fill: async (label, text) => page.locator(field(label)).fill(text),
    async commands() {
      const lines = await page.$$eval('.cli code', (all) => all.map(({ textContent }) => textContent));
      return lines.map((line) => wordsOf(line ?? ''));
    },
    gone: async (selector) => {
      await page.waitForSelector(selector, { hidden: true });
    },
    async look(name) {
      mkdirSync(pictures, { recursive: true });
      for (const [way, { width, height, scheme, motion }] of Object.entries(sizes)) {
        await page.setViewport({ width, height });
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: motion },
        ]);
        await page.screenshot({ path: join(pictures, `${name}-${way}.png`), fullPage: way !== 'phone' });
        expect(await faults(page), `${name}, ${way}`).toEqual([]);
        const room = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(room), `${name}, ${way}: px beyond the window`).toBe(0);
        if (motion === 'reduce')
          expect(await page.evaluate('document.getAnimations().length'), `${name}, ${way}: what moves`).toBe(
            0,
          );
      }
      await page.setViewport(sizes.light);
      await page.emulateMediaFeatures([]);
    },
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}

export function button(name: string): string {
  return `xpath/.//*[self::button or @role="button"][normalize-space()="${name}" or @aria-label="${name}"][${reachable}]`;
}

/** As a shell reads it. */
function wordsOf(line: string): readonly string[] {
  const { stdout } = Bun.spawnSync(['sh', '-c', `set -- ${line}; shift; printf '%s\\0' "$@"`]);
  return stdout.toString().split('\0').slice(0, -1);
}

/** Whatever can be filled in under this label. */
export function field(label: string): string {
  const labelled = `@id=//label[normalize-space()="${label}"]/@for or @aria-label="${label}" or ancestor::label[contains(., "${label}")]`;
  return `xpath/.//*[self::input or self::select or self::textarea][${labelled}][${reachable}]`;
}

/** While a dialog is open, nothing else can be pressed. */
const reachable = 'ancestor::dialog[@open] or not(//dialog[@open])';

/** What axe finds that is serious or critical, each with where. The script comes from outside, which the page's policy does not hold for. */
async function faults(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  const said = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  const { violations } = said as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
