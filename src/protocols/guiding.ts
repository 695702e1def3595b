/** What guides to all kinds of clients have in common. */
import type { Step } from '../guide.ts';

export function run(command: string, why: string): Step {
  return { do: 'run', command, why };
}

/** By variables of the environment, where the address is one of TLS. */
export function trustBy(url: string, ...variables: readonly string[]): readonly Step[] {
  if (!url.startsWith('https:')) return [];
  return [
    run(
      `export ${variables.map((name) => `${name}=/path/to/ca.pem`).join(' ')}`,
      'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
    ),
  ];
}

/** @param client as `meridian setup` calls it. */
export function undoOf(client: string): readonly Step[] {
  return [
    run(
      `meridian setup ${client} --undo`,
      'Puts back what the files said before; by hand, take the lines out again.',
    ),
  ];
}
