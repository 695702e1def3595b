/**
 * Where PoPs say every half a minute what they are asked for most and who asks, and origins read it: a view of the bus, with one
 * value for each process.
 */
import type { Bus } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import { type TopReport, topReport } from './report.ts';

const viewName = 'top';
const everyMs = 30_000;

export interface Teller {
  /** Says a last time what there is to say. */
  close(): Promise<void>;
}

/** @param read what there is to say now. */
export function openTeller(bus: Bus, clock: Clock, read: () => TopReport): Teller {
  const view = bus.view(viewName);
  let cancel = clock.after(everyMs, say);

  function say(): void {
    cancel = clock.after(everyMs, say);
    // Cut off from the bus, there is nobody to tell: the next report says it all.
    tell().catch(() => undefined);
  }

  async function tell(): Promise<void> {
    const own = read();
    if (own.package.totals.length === 0 && own.token.totals.length === 0) return;
    await view.put(own.worker === 0 ? own.node : `${own.node}.${own.worker}`, own);
  }

  return {
    async close() {
      cancel();
      await tell().catch(() => undefined); // as `say`
    },
  };
}

export interface Listener {
  close(): void;
}

/** @param heard told of every report, also of those of before, and of some again. */
export function hearTop(bus: Bus, heard: (report: TopReport) => void): Listener {
  return bus.view(viewName).watch({
    changed({ value }) {
      const { data } = topReport.safeParse(value);
      // What another version of Meridian says in another form is left out.
      if (data !== undefined) heard(data);
    },
    caughtUp() {},
  });
}
