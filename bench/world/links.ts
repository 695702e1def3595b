/**
 * The links of a world, as a program of its own, so that what they cost is not the servers':
 *
 *     bun links.ts '[{ "hosts": ["127.0.0.1"], "port": 5001, "to": 5002, "roundTripMs": 65, "megabits": 200, "slowStart": true }, …]'
 */
import { systemClock } from '../../src/clock.ts';
import type { CoreSet } from '../machine.ts';
import { startPinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import { type LinkOptions, openLink } from './link.ts';

/** Resolves when all of them can be connected to. */
export async function startLinks(
  scratch: Scratch,
  core: CoreSet,
  links: readonly LinkOptions[],
): Promise<void> {
  const child = startPinned(core, scratch.directory('links'), [
    ...[process.execPath, import.meta.path, JSON.stringify(links)],
  ]);
  scratch.atEnd(() => child.stop());
  await child.until(async () => {
    for (const { port } of links) await canConnect(port);
  });
}

async function canConnect(port: number): Promise<void> {
  const open = () => {};
  const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { open, data: open } });
  socket.end();
}

if (import.meta.main) {
  for (const each of JSON.parse(process.argv[2] ?? '[]') as LinkOptions[]) await openLink(each, systemClock);
}
