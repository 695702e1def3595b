/** A network on two continents for the console's pages, with an upstream that takes its time and fails when asked to. */
import { web } from '../../src/index.ts';
import { freePorts, startNetwork, startUpstream, type TestNetwork, type Upstream } from './index.ts';

export interface WideNetwork extends AsyncDisposable {
  readonly network: TestNetwork;
  readonly upstream: Upstream;
  /** Address of the admin listener of `lon`, a PoP that is asked for nothing else. */
  readonly admin: string;
  /** Asks a PoP for as many objects, each as often, and gives how many requests that were. */
  load(pop: string, objects: number, times: number): Promise<number>;
}

const frankfurt = { name: 'Frankfurt', latitude: 50.11, longitude: 8.68 };
const dublin = { name: 'Dublin', latitude: 53.35, longitude: -6.26 };
const london = { name: 'London', latitude: 51.5, longitude: -0.13 };
const sydney = { name: 'Sydney', latitude: -33.87, longitude: 151.21 };
const newYork = { name: 'New York', latitude: 40.71, longitude: -74.01 };

/** @param isPlaced whether the config says where the nodes are. */
export async function startWideNetwork({ isPlaced = true } = {}): Promise<WideNetwork> {
  const upstream = await startUpstream(async ({ path }) => {
    if (path.includes('/fails')) return { status: 500, body: 'out of order' };
    await Bun.sleep(path.length * 2); // some upstreams are slower than others
    return { headers: { 'cache-control': 'max-age=600' }, body: 'x'.repeat(2000 + path.length * 100) };
  });
  const port = await freePorts(1);
  const at = (place: typeof sydney) => (isPlaced ? { place } : {});
  const network = await startNetwork({
    nodes: {
      origin: { role: 'origin', ...at(frankfurt) },
      eu: { role: 'shield', parents: ['origin'], ...at(dublin) },
      fra: { role: 'pop', parents: ['eu', 'origin'], ...at(frankfurt) },
      lon: { role: 'pop', parents: ['eu'], admin: { port }, ...at(london) },
      nyc: { role: 'pop', parents: ['eu'], ...at(newYork) },
      syd: { role: 'pop', parents: ['eu'], ...at(sydney) },
    },
    routes: [
      web({ name: 'media', match: { path: '/media' }, upstream: upstream.url }),
      web({ name: 'docs', upstream: upstream.url }),
    ],
  });
  return {
    network,
    upstream,
    admin: `http://127.0.0.1:${port}`,
    async load(pop, objects, times) {
      for (let time = 0; time < times; time++)
        for (let object = 0; object < objects; object++) {
          const folder = object % 3 === 0 ? '/media' : '';
          await (await fetch(`${network.url(pop)}${folder}/${'o'.repeat(object)}${object}`)).arrayBuffer();
        }
      return objects * times;
    },
    async [Symbol.asyncDispose]() {
      await network.stop();
      await upstream[Symbol.asyncDispose]();
    },
  };
}
