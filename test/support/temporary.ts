/** A folder that is gone when the test is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Temporary extends Disposable {
  readonly path: string;
}

/** `using folder = temporary('clients');` */
export function temporary(name = 'test'): Temporary {
  const path = mkdtempSync(join(tmpdir(), `meridian-${name}-`));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  process.once('exit', remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off('exit', remove);
      remove();
    },
  };
}
