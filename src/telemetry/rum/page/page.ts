/**
 * What runs in a page: takes the browser's own timings of what a PoP has delivered, and sends them back to it, once, when the
 * page is left. No cookie, no identifier, no address of anything; nothing at all where the reader has asked not to be tracked.
 *
 *     <script async src="https://cdn.example.com/.meridian/rum/script.js" data-sample="10"></script>
 *
 * Built into `../script.ts`: run `bun scripts/page-script.ts` after a change.
 */

/** As the browser has it (Resource Timing Level 2), in ms since the page began. */
interface Entry {
  readonly name: string;
  readonly entryType: string;
  readonly startTime: number;
  readonly domainLookupStart: number;
  readonly domainLookupEnd: number;
  readonly connectStart: number;
  readonly secureConnectionStart: number;
  readonly connectEnd: number;
  readonly requestStart: number;
  readonly responseStart: number;
  readonly responseEnd: number;
  /** 0 for what came from the browser's own cache, and for what it may not tell. */
  readonly transferSize: number;
  readonly encodedBodySize: number;
  readonly serverTiming?: readonly { readonly name: string }[];
}

interface Script {
  readonly src: string;
  readonly dataset: { readonly sample?: string };
}

interface Page {
  readonly document: {
    readonly currentScript: Script | null;
    readonly visibilityState: string;
    addEventListener(event: string, heard: () => void): void;
  };
  readonly navigator: {
    readonly doNotTrack?: string | null;
    readonly globalPrivacyControl?: boolean;
    sendBeacon(url: string, body: string): boolean;
  };
  readonly performance: { getEntriesByType(type: string): readonly Entry[] };
  readonly PerformanceObserver?: new (
    heard: (list: { getEntries(): readonly Entry[] }) => void,
  ) => { observe(what: { readonly type: string; readonly buffered: boolean }): void };
  readonly addEventListener: (event: string, heard: () => void) => void;
}

const mostTimings = 50;

function watch(page: Page): void {
  const { document, navigator, performance } = page;
  const script = document.currentScript;
  const isUnwanted = navigator.doNotTrack === '1' || navigator.globalPrivacyControl === true;
  if (script === null || isUnwanted || Math.random() * 100 >= Number(script.dataset.sample ?? 100)) return;
  const { origin } = new URL(script.src);
  let largestMs = 0;
  let isSent = false;
  try {
    const observer = page.PerformanceObserver;
    if (observer !== undefined)
      new observer((list) => {
        for (const { startTime } of list.getEntries()) largestMs = startTime;
      }).observe({ type: 'largest-contentful-paint', buffered: true });
  } catch {
    // A browser that does not know this kind of entry has none to tell.
  }

  const send = () => {
    if (isSent) return;
    isSent = true;
    const entries = [
      ...performance.getEntriesByType('navigation'),
      ...performance.getEntriesByType('resource'),
    ];
    const timings = entries
      .filter(({ name, transferSize }) => transferSize > 0 && name.startsWith(`${origin}/`))
      .flatMap((entry) => {
        const pop = entry.serverTiming?.at(-1)?.name;
        return pop === undefined ? [] : [timing(pop, entry, largestMs)];
      })
      .slice(0, mostTimings);
    if (timings.length > 0)
      navigator.sendBeacon(`${origin}/.meridian/rum/beacon`, JSON.stringify({ v: 1, from: 'page', timings }));
  };
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && send());
  page.addEventListener('pagehide', send);
}

function timing(pop: string, entry: Entry, largestMs: number) {
  const isNew = entry.connectEnd > entry.connectStart;
  const isSecure = entry.secureConnectionStart > 0;
  const isPage = entry.entryType === 'navigation';
  return {
    pop,
    dns: between(entry.domainLookupStart, entry.domainLookupEnd),
    connect: isNew
      ? between(entry.connectStart, isSecure ? entry.secureConnectionStart : entry.connectEnd)
      : undefined,
    tls: isNew && isSecure ? between(entry.secureConnectionStart, entry.connectEnd) : undefined,
    ttfb: between(entry.requestStart, entry.responseStart),
    download: between(entry.responseStart, entry.responseEnd),
    bytes: entry.encodedBodySize,
    lcp: isPage ? between(0, largestMs) : undefined,
  };
}

/** In tenths of a millisecond; `undefined` for what did not happen. */
function between(from: number, to: number): number | undefined {
  return to > from ? Math.round((to - from) * 10) / 10 : undefined;
}

watch(globalThis as unknown as Page);
