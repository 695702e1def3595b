/** Starts a crowd (`crowd.ts`) as a process of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CrowdReport } from './crowd.ts';

export interface Crowd {
  /** All clients are connected, and have sent their requests. */
  readonly sent: Promise<void>;
  readonly report: Promise<CrowdReport>;
}

/**
 * @param urls which differ in host and port alone.
 * @param folder where the expected body may lie for so long.
 * @param others by their paths: what each client asks for after that, one by one.
 */
export function startCrowd(
  urls: readonly string[],
  clients: number,
  expected: Uint8Array,
  folder: string,
  others: Readonly<Record<string, Uint8Array>> = {},
): Crowd {
  const file = join(folder, `expected-${clients}`);
  writeFileSync(file, expected);
  const further = Object.entries(others).flatMap(([path, bytes], at) => {
    writeFileSync(`${file}-${at}`, bytes);
    return [path, `${file}-${at}`];
  });
  const program = join(import.meta.dir, 'crowd.ts');
  const child = Bun.spawn([process.execPath, program, urls.join(','), String(clients), file, ...further], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const sent = Promise.withResolvers<void>();

  async function listen(): Promise<CrowdReport> {
    let said = '';
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += piece;
      if (said.includes('\n')) sent.resolve();
    }
    if ((await child.exited) !== 0) throw new Error(`the crowd gave up: ${said}`);
    return JSON.parse(said.slice(said.indexOf('\n'))) as CrowdReport;
  }
  const report = listen();
  report.catch(sent.reject);
  sent.promise.catch(() => undefined); // whoever waits for the report hears of it
  return { sent: sent.promise, report };
}
