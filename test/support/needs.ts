/**
 * What some tests need and not every machine has. In CI it has to be there, or the test run fails; elsewhere the
 * tests are skipped, and say so.
 */

/**
 * Whether the tests can run. For `describe.skipIf(!available('…', problem))`.
 * @param problem why they can not, or `null` when they can.
 */
export function available(what: string, problem: string | null): boolean {
  if (problem === null) return true;
  if (process.env.CI === 'true') throw new Error(`CI has to have ${what}: ${problem}`);
  console.warn(`skipped, for want of ${what}: ${problem}`);
  return false;
}

export interface RealRegistry {
  readonly url: string;
  /** Why it cannot be used, or `null`. */
  readonly problem: string | null;
}

/** The registry that this machine's npm is set to, and whether it gives packages. */
export async function realRegistry(): Promise<RealRegistry> {
  const npm = Bun.which('npm');
  if (npm === null) return { url: '', problem: 'npm is not installed' };
  const asked = Bun.spawn([npm, 'config', 'get', 'registry'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const url = (await asked.stdout.text()).trim().replace(/\/+$/, '');
  try {
    const response = await fetch(`${url}/semver`, { signal: AbortSignal.timeout(15_000) });
    await response.body?.cancel();
    return { url, problem: response.ok ? null : `it answers ${response.status}` };
  } catch (error) {
    return { url, problem: `it cannot be reached (${error instanceof Error ? error.name : String(error)})` };
  }
}
