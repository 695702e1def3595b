/** Steady load on a URL: a few clients, each asking for the next thing as soon as it has got the last one. */

export interface Load {
  /** Lets requests under way end, and gives what happened. */
  stop(): Promise<LoadReport>;
  /** Requests answered so far. */
  answered(): number;
}

export interface LoadReport {
  readonly answered: number;
  /** Every request that did not get the right answer, in words. */
  readonly failures: readonly string[];
  /** Milliseconds that the slowest of them took. */
  readonly slowestMs: number;
}

/**
 * @param urlOf of the nth request.
 * @param bodyOf what a right answer holds.
 */
export function putLoadOn(
  urlOf: (nth: number) => string,
  bodyOf: (url: string) => string,
  clients = 8,
): Load {
  let stopped = false;
  let sent = 0;
  let answered = 0;
  let slowestMs = 0;
  const failures: string[] = [];

  async function client(): Promise<void> {
    while (!stopped) {
      const url = urlOf(sent++);
      const startedMs = performance.now();
      try {
        const response = await fetch(url);
        const text = await response.text();
        if (response.status !== 200 || text !== bodyOf(url)) {
          failures.push(`${url}: ${response.status}, ${text.slice(0, 200)}`);
        }
      } catch (error) {
        failures.push(`${url}: ${error}`);
      }
      answered++;
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    }
  }

  const all = Promise.all(Array.from({ length: clients }, client));
  return {
    answered: () => answered,
    async stop() {
      stopped = true;
      await all;
      return { answered, failures, slowestMs };
    },
  };
}
