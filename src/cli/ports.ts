/**
 * Whether nodes can listen where they are told to: asked before anything is started, because then there is
 * one clear answer instead of one from each process.
 */
import { createSocket, type SocketType } from 'node:dgram';
import { createConnection, isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { codeOf } from '../config/error-code.ts';
import { isAnyAddress, overlap } from '../config/forms.ts';
import type { ListenConfig, Network, NodeConfig } from '../config/network.ts';
import { portVariable } from '../config/overrides.ts';
import { workersOf } from './worker-count.ts';

/** One sentence for each listener that cannot be opened. */
export async function listenProblems(
  network: Network,
  nodes: readonly string[],
  cores = availableParallelism(),
): Promise<string[]> {
  const places = nodes.flatMap((name) => placesOf(network.nodes[name], cores));
  const clashes = places.flatMap((place, at) => clash(place, places.slice(0, at)));
  if (clashes.length > 0) return clashes;
  const problems = places.map(async ({ name, address }) => {
    const code = await probe(address);
    return code === undefined ? [] : [explain(name, address, code)];
  });
  return (await Promise.all(problems)).flat();
}

type Address = Pick<ListenConfig, 'host' | 'port'>;

interface Place {
  readonly name: string;
  readonly address: Address;
}

/** Each worker has a port of the ring. */
function placesOf(node: NodeConfig | undefined, cores: number): Place[] {
  if (node === undefined) return [];
  const { name, listen, ring, admin } = node;
  const members = ring ? Array.from({ length: workersOf(node, cores) }, (_, at) => at) : [];
  const { host = '', port = 0 } = ring ?? {};
  const ofRing = members.map((at) => ({ host, port: port + at }));
  const all: readonly Address[] = [...listen, ...ofRing, ...(admin ? [admin] : [])];
  return all.map((address) => ({ name, address }));
}

/** The config's check has seen to all ports but those of workers that only their machine can count. */
function clash({ name, address: { host, port } }: Place, before: readonly Place[]): string[] {
  const other = before.find(({ address }) => address.port === port && overlap(address.host, host));
  if (port === 0 || other === undefined) return [];
  return [
    `Port ${port} is that of two workers, or of a worker and a listener (${other.name}, ${name}): a worker for each core has a port of the ring. Leave room between the ports, or say \`workers\` in the config.`,
  ];
}

/**
 * The code of the error, if there is one. Nothing listens there for it, not even for a moment: clients that keep on trying, because
 * the node was there a second ago, would be taken in and dropped.
 */
async function probe({ host, port }: Address): Promise<string | undefined> {
  if (port === 0) return undefined;
  const type = host.includes(':') ? 'udp6' : 'udp4';
  const [taken, fault] = await Promise.all([isTaken(host, port), bindingFault(host, port, type)]);
  if (taken) return 'EADDRINUSE';
  // A name may have addresses of either kind.
  return fault === undefined || isIP(host) !== 0 ? fault : await bindingFault(host, port, 'udp6');
}

/** A machine answers itself at once. */
const answerMs = 1_000;

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const own = isAnyAddress(host) ? (host === '::' ? '::1' : '127.0.0.1') : host;
    const socket = createConnection({ host: own, port, timeout: answerMs });
    const done = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}

/** Whether the address is this machine's, and the port allowed: the same for UDP, which no client of ours is disturbed by. */
function bindingFault(host: string, port: number, type: SocketType): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(type);
    socket.once('error', (error) => {
      socket.close();
      const code = codeOf(error) ?? error.message;
      resolve(code === 'EADDRINUSE' ? undefined : code);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

function explain(node: string, { host, port }: Address, code: string): string {
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
