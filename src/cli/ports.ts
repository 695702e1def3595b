/**
 * Whether nodes can listen where they are told to: asked before anything is started, because then there is
 * one clear answer instead of one from each process.
 */
import { createServer } from 'node:net';
import { codeOf } from '../config/error-code.ts';
import type { ListenConfig, Network } from '../config/network.ts';
import { portVariable } from '../config/overrides.ts';

/** One sentence for each listener that cannot be opened. */
export async function listenProblems(network: Network, nodes: readonly string[]): Promise<string[]> {
  const listeners = nodes.flatMap((name) =>
    (network.nodes[name]?.listen ?? []).map((listen) => ({ name, listen })),
  );
  const problems = listeners.map(async ({ name, listen }) => {
    const code = await probe(listen);
    return code === undefined ? [] : [explain(name, listen, code)];
  });
  return (await Promise.all(problems)).flat();
}

/** The code of the error, if there is one. `exclusive`: Bun would otherwise share the port (SO_REUSEPORT). */
function probe({ host, port }: ListenConfig): Promise<string | undefined> {
  if (port === 0) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function explain(node: string, { host, port }: ListenConfig, code: string): string {
  const other = `Choose another one: --port ${node}=<port>, ${portVariable(node)}=<port>, or --port-base <port> for all nodes.`;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${node} (${host}) is in use. ${other}`;
    case 'EACCES':
      return `Port ${port} of ${node} (${host}) is not allowed to this user. ${other}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host}, where ${node} listens, is no address of this machine. Choose another one: --host <address>.`;
    default:
      return `${node} cannot listen on ${host}, port ${port} (${code}).`;
  }
}
